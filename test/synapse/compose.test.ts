import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { registration } from '../../src/matrix/appservice/registration.ts';
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
  app_service_config_files: [join(directory, 'bot.yaml')],
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
  await writeFile(join(directory, 'bot.yaml'), stringify(bot));
  const files = ['synapse/homeserver.yaml', 'synapse/homeserver.compose.yaml', special];
  const read = await readSettings(files);
  assert.equal(read.server_name, 'example.org');
  assert.equal(read.registration, false);
  assert.equal(read.passwords, false);
  assert.equal(read.secret, 'secret');
  assert.equal(read.existing, false);
  assert.ok(read.clients.includes('https://chat.example.org/'));
  assert.deepEqual(read.bots, ['@openmeet-bot:example.org']);
});

const bot = registration({
  url: 'http://web:3000',
  asToken: 'a',
  hsToken: 'h',
  serverName: 'example.org',
  rooms: {
    botLocalpart: 'openmeet-bot',
    aliases: {
      event: 'e-{slug}',
      group: 'g-{slug}',
      workspace: 'w-{slug}',
      organization: 'o-{slug}',
    },
  },
});

type Settings = { clients: string[]; bots: string[]; [name: string]: unknown };

const reader = `
import json, sys
from synapse.config.appservice import load_appservices
from synapse.config.homeserver import HomeServerConfig
config = HomeServerConfig.load_config("", sys.argv[1:])
[provider] = config.oidc.oidc_providers
print(json.dumps({
    "server_name": config.server.server_name,
    "registration": config.registration.enable_registration,
    "passwords": config.auth.password_enabled_for_login,
    "secret": provider.client_secret,
    "existing": provider.allow_existing_users,
    "clients": config.sso.sso_client_whitelist,
    "bots": [str(it.sender) for it in load_appservices(
        config.server.server_name, config.appservice.app_service_config_files)],
}))`;

/** What Synapse itself understands of its files. */
async function readSettings(files: string[]): Promise<Settings> {
  const configs = files.flatMap((path) => ['-c', path]);
  const python = await installSynapse();
  const { stdout } = await promisify(execFile)(python, ['-c', reader, ...configs], { cwd: root });
  return JSON.parse(stdout);
}
