import { once } from 'node:events';
import { ClientDirectory } from '../../src/clients/directory.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createAdapter } from '../../src/oidc/adapter.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';

/**
 * An instance of its own for the adapter's test: told to start, it tries to consume one code many
 * times at once, and prints how often that worked.
 */
const [url = '', key = '', id = '', tries = ''] = process.argv.slice(2);
const database = await openDatabase({ url, poolSize: 10 });
const adapter = createAdapter({
  database,
  fingerprints: new Fingerprints(Buffer.from(key, 'base64')),
  clients: new ClientDirectory(database),
  sessions: { idleSeconds: 3600, maxSeconds: 3600 },
})('AuthorizationCode');
await Promise.all(Array.from({ length: 10 }, () => database.query('select 1')));
console.log('ready');
await once(process.stdin, 'data');
const settled = await Promise.allSettled(
  Array.from({ length: Number(tries) }, () => adapter.consume(id)),
);
console.log(settled.filter(({ status }) => status === 'fulfilled').length);
await database.close();
process.stdin.destroy();
