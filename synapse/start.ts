import { createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Synapse's shared-secret registration: the HMAC proves that we may, the nonce is used once. */
async function registerAdmin(url: string, sharedSecret: string): Promise<string> {
  const endpoint = `${url}/_synapse/admin/v1/register`;
  const { nonce } = (await (await fetch(endpoint)).json()) as { nonce: string };
  const username = '-openmeet-id';
  const password = randomBytes(32).toString('base64url');
  const mac = createHmac('sha1', sharedSecret)
    .update([nonce, username, password, 'admin'].join('\0'))
    .digest('hex');
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nonce, username, password, mac, admin: true }),
  });
  const { access_token: token, error } = (await answer.json()) as Record<string, string>;
  if (!token) throw new Error(`Synapse made no admin: ${error}`);
  return token;
}
