import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../../test/support/platform.ts';
import {
  addAttendee,
  createRoom,
  createRooms,
  deliverMessages,
  revoke,
  startClients,
  syncPermissions,
} from './operations.ts';
import { addPeople, slugOf } from './people.ts';
import { PlatformApi } from './platform-api.ts';
import { reconcileAll } from './reconcile.ts';
import { judgeMatrix, matrixReport } from './report.ts';
import type { Samples } from './samples.ts';
import { appUrl, signIn, start } from './sign-ins.ts';

/** How often each is done; the targets are read over these many. */
const runs = { people: 200, rooms: 200, creations: 40, roles: 40, messages: 200, revocations: 40 };

const client = { id: 'bench-platform', secret: 'bench-platform-secret-0123456789abcdef' };
const scopes = ['rooms:read', 'rooms:write', 'members:write', 'events:write', 'access:write'];

/** Everything that ends in a Synapse, against a real one and real Matrix clients. */
export async function measureMatrix(say: (text: string) => void): Promise<void> {
  say('starting a Synapse, and the service with its bot');
  const platform = await startPlatform({ bot: true, webClients: [appUrl] });
  try {
    const all = await measure(platform, say);
    const targets = judgeMatrix(all);
    const directory = join(import.meta.dirname, '../results');
    mkdirSync(directory, { recursive: true });
    const text = `${JSON.stringify({ at: new Date().toISOString(), all, targets }, null, 2)}\n`;
    writeFileSync(join(directory, 'matrix.json'), text);
    console.log(matrixReport(all, targets));
    if (all.some(({ failures }) => failures > 0)) process.exitCode = 1;
  } finally {
    await platform.stop();
  }
}

async function measure(
  { service, synapse }: Platform,
  say: (text: string) => void,
): Promise<Samples[]> {
  await addClient(service.cli);
  await addPeople(service.databaseUrl, runs.people);
  const api = await PlatformApi.open(service, client);
  say('room creation');
  const all = [await createRooms(api, runs.creations)];
  const slug = 'chat';
  const roomId = await createRoom(api, slug, slugOf(0));
  await addAttendee(api, slug, slugOf(1));
  const [ann, ben] = [await signIn(synapse.url, 0), await signIn(synapse.url, 1)];
  await Promise.all([start(ann), start(ben)]);
  say('message delivery');
  all.push(await deliverMessages([ann, ben], roomId, runs.messages));
  say('permission sync');
  const userSlug = slugOf(1);
  all.push(await syncPermissions(api, ben, { slug, roomId, userSlug, runs: runs.roles }));
  for (const { client: device } of [ann, ben]) device.stopClient();
  say('client starts');
  all.push(await startClients(synapse.url, runs.people));
  say('reconcile');
  all.push(await reconcileAll(service, api, runs.rooms));
  say('revoke');
  const leaving = [];
  for (let index = 10; index < 10 + runs.revocations; index += 1) {
    leaving.push({ session: await signIn(synapse.url, index), userSlug: slugOf(index) });
  }
  all.push(await revoke(api, synapse.url, leaving));
  return all;
}

async function addClient(cli: Platform['service']['cli']): Promise<void> {
  const { id, secret } = client;
  const rights = scopes.flatMap((scope) => ['--scope', scope]);
  await cli(
    ...['clients', 'add', '--id', id, '--secret', secret, '--grant', 'client_credentials'],
    ...['--tenant', 'default', ...rights],
  );
}
