import { existsSync, globSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { prepareFor } from './support/prepare.ts';
import { Tally } from './support/tally.ts';

/** Whole journeys start a homeserver and a browser each: they run one after the other. */
const journeys =
  /^test\/(?:e2e|matrix|synapse|cli\/migration-(?:power|rooms)|findings\/.+\.e2e\.test\.ts$)/;

/** These start personal data servers and a browser each. */
const bluesky =
  /^test\/(?:federation\/(?:atproto(?:-hostile|-confidential|-https)?|bluesky-accounts)|e2e\/bluesky)\.test\.ts$/;

/** Milliseconds for one file: a test that waits for ever must not hold up all others. */
const timeout = 600_000;

const execArgv = ['--import', new URL('support/ending.ts', import.meta.url).href];

const root = resolve(import.meta.dirname, '..');
process.chdir(root);

function chosenFiles(given: string[]): string[] {
  const files = (given.length > 0 ? given : ['test']).flatMap((path) =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory()
      ? globSync('**/*.test.ts', { cwd: path }).map((file) => join(path, file))
      : path,
  );
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`There is no test file ${missing.join(', ')}.`);
  return files
    .map((file) => relative(root, resolve(file)))
    .filter((file) => !file.startsWith('test/parts/'))
    .sort();
}

const tally = new Tally();

/** The events of both groups as one stream, so that all failures are listed at the very end. */
async function* events(groups: { files: string[]; concurrency: number }[]) {
  for (const { files, concurrency } of groups) {
    if (files.length === 0) continue;
    const stream: AsyncIterable<TestEvent> = run({
      files,
      concurrency,
      timeout,
      execArgv,
      cwd: root,
    });
    for await (const event of stream) {
      tally.add(event);
      if (!isTotal(event)) yield event;
    }
  }
}

/** Node's own totals come once per group; ours is the last line. */
function isTotal(event: TestEvent): boolean {
  return event.type === 'test:diagnostic' && event.data.file === undefined;
}

async function main(): Promise<void> {
  const files = chosenFiles(process.argv.slice(2));
  const isSerial = (file: string) => journeys.test(file) || bluesky.test(file);
  const serial = files.filter(isSerial);
  await prepareFor({
    journeys: files.some((file) => journeys.test(file)),
    bluesky: files.some((file) => bluesky.test(file)),
    several: files.length > 1,
  });
  const report = Readable.from(
    events([
      { files: files.filter((file) => !isSerial(file)), concurrency: 2 },
      { files: serial, concurrency: 1 },
    ]),
  ).compose<Readable>(new spec());
  for await (const text of report) process.stdout.write(text);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  tally.failed += 1;
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0;
