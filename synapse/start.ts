import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerAdmin } from './admin.ts';
import { type HomeserverOptions, readSecrets, writeHomeserver } from './homeserver.ts';
import { installSynapse } from './install.ts';
import { type RunningProcess, startProcess, untilReady } from './process.ts';

export type Homeserver = RunningProcess & {
  url: string;
  serverName: string;
  /** Of a server admin, whose name no person can take. */
  adminToken: string;
};

/** A real Synapse on 127.0.0.1, installed if need be, when it answers. */
export async function startHomeserver(options: HomeserverOptions): Promise<Homeserver> {
  const { directory, port, serverName } = options;
  const [python, files] = await Promise.all([installSynapse(), writeHomeserver(options)]);
  const configs = files.flatMap((path) => ['-c', path]);
  const running = startProcess(python, ['-m', 'synapse.app.homeserver', ...configs]);
  const url = `http://127.0.0.1:${port}`;
  await untilReady(running, `${url}/health`, { name: 'Synapse' });
  const adminToken = await keptAdminToken(url, directory);
  return { ...running, url, serverName, adminToken };
}

async function keptAdminToken(url: string, directory: string): Promise<string> {
  const path = join(directory, 'admin-token');
  if (existsSync(path)) return readFile(path, 'utf8');
  const token = await registerAdmin(url, (await readSecrets(directory)).registration_shared_secret);
  await writeFile(path, token, { mode: 0o600 });
  return token;
}
