import { after } from 'node:test';

/** Enough for what files stop at their end: a homeserver, a browser, several services. */
const patience = 30_000;

/**
 * Loaded before each file: one whose tests have ended has ended, whatever it left open. Node's
 * `--test-force-exit` does not wait for its own report, so that the last tests of a file are lost.
 */
after(() => {
  setTimeout(() => process.exit(), patience).unref();
});
