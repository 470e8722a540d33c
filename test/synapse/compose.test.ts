import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { providerBlock, signInSettings } from '../../src/matrix/provider-block.ts';
import { installSynapse } from '../../synapse/install.ts';
import { root } from '../../synapse/process.ts';

const directory = await mkdtemp(join(tmpdir(), 'openmeet-synapse-'));
after(() => rm(directory, { recursive: true }));

/** What docs/deployment.md has the operator write, and the paths that only a container has. */
const deployment = {
  server_name: 'example.org',
  public_baseurl: 'https://matrix.example.org/',
  macaroon_secret_key: 'm',
  form_secret: 'f',
  database: { name: 'psycopg2', args: { host: 'postgres', dbname: 'synapse', user: 'synapse' } },
  templates: { custom_template_directory: join(root, 'synapse/templates') },
  signing_key_path: join(directory, 'signing.key'),
  media_store_path: directory,
  ...signInSettings(
    [
      providerBlock({
        issuer: 'https://id.example.org/oidc',
        idpId: 'openmeet',
        idpName: 'OpenMeet',
        clientId: 'matrix_synapse',
        clientSecret: { path: join(directory, 'client-secret') },
        idpIcon: 'mxc://example.org/icon',
      }),
    ],
    { webClients: ['https://chat.example.org'] },
  ),
};

test('Synapse accepts the files of a deployment together', { timeout: 120_000 }, async () => {
  const special = join(directory, 'synapse.yaml');
  await writeFile(special, stringify(deployment));
  await writeFile(join(directory, 'client-secret'), 'secret\n');
  await writeFile(join(directory, 'signing.key'), `ed25519 a_1 ${'A'.repeat(43)}\n`);
  const files = ['synapse/homeserver.yaml', 'synapse/homeserver.compose.yaml', special];
  const read = await readSettings(files);
  assert.match(read, /server\.server_name: example\.org$/m);
  assert.match(read, /registration\.enable_registration: False$/m);
  assert.match(read, /auth\.password_enabled_for_login: False$/m);
  assert.match(read, /client_secret='secret'.*allow_existing_users=False/);
  assert.match(read, /sso_client_whitelist: .*'https:\/\/chat\.example\.org\/'/);
});

const names = [
  'server.server_name',
  'registration.enable_registration',
  'auth.password_enabled_for_login',
  'oidc.oidc_providers',
  'sso.sso_client_whitelist',
];

/** As Synapse's own tool prints them, which takes one name at a time. */
async function readSettings(files: string[]): Promise<string> {
  const python = await installSynapse();
  const configs = files.flatMap((path) => ['-c', path]);
  const lines = names.map(async (name) => {
    const args = ['-m', 'synapse.config', 'read', name, ...configs];
    return (await promisify(execFile)(python, args, { cwd: root })).stdout;
  });
  return (await Promise.all(lines)).join('\n');
}
