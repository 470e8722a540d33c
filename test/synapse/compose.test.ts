import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { installSynapse } from '../../synapse/install.ts';
import { root } from '../../synapse/process.ts';
import { newDeployment } from '../support/deployment.ts';

/** What `deploy init` writes, with the paths that only a container has leading to this machine. */
async function synapseFiles(directory: string): Promise<string[]> {
  const secrets = join(directory, 'secrets');
  const written = await readFile(join(secrets, 'synapse.yaml'), 'utf8');
  const settings = {
    ...parse(written.replaceAll('/run/secrets', secrets)),
    templates: { custom_template_directory: join(root, 'synapse/templates') },
    signing_key_path: join(directory, 'signing.key'),
    media_store_path: directory,
  };
  await writeFile(join(directory, 'special.yaml'), stringify(settings));
  await writeFile(settings.signing_key_path, `ed25519 a_1 ${'A'.repeat(43)}\n`);
  return [
    'synapse/homeserver.yaml',
    'synapse/homeserver.compose.yaml',
    join(directory, 'special.yaml'),
  ];
}

describe('what `deploy init` writes for Synapse', { timeout: 120_000 }, () => {
  test('is accepted, with the files beside it, and keeps other homeservers out', async () => {
    const { directory, remove } = await newDeployment();
    onTestFinished(remove);
    const read = await readSettings(await synapseFiles(directory));
    const secret = await readFile(join(directory, 'secrets/synapse_client_secret'), 'utf8');
    assert.equal(read.server_name, 'example.org');
    assert.equal(read.registration, false);
    assert.equal(read.passwords, false);
    assert.equal(read.secret, secret);
    assert.equal(read.existing, false);
    assert.ok(read.clients.includes('https://chat.example.org/'));
    assert.deepEqual(read.bots, ['@openmeet-bot:example.org']);
    assert.deepEqual(read.federates_with, []);
    assert.deepEqual(read.resources, ['client']);
    assert.deepEqual(read.discovery, {
      'm.homeserver': { base_url: 'https://matrix.example.org/' },
    });
  });

  test('lets other homeservers in where the operator said so', async () => {
    const { directory, remove } = await newDeployment('--federation');
    onTestFinished(remove);
    const read = await readSettings(await synapseFiles(directory));
    assert.equal(read.federates_with, null);
    assert.deepEqual(read.resources, ['client', 'federation']);
  });
});

type Settings = { clients: string[]; bots: string[]; [name: string]: unknown };

const reader = `
import json, sys
from synapse.config.appservice import load_appservices
from synapse.config.homeserver import HomeServerConfig
config = HomeServerConfig.load_config("", sys.argv[1:])
whitelist = config.federation.federation_domain_whitelist
[provider] = config.oidc.oidc_providers
print(json.dumps({
    "server_name": config.server.server_name,
    "registration": config.registration.enable_registration,
    "passwords": config.auth.password_enabled_for_login,
    "secret": provider.client_secret,
    "existing": provider.allow_existing_users,
    "federates_with": None if whitelist is None else list(whitelist),
    "resources": [name for it in config.server.listeners
        for resource in it.http_options.resources for name in resource.names],
    "discovery": config.server.serve_client_wellknown and
        {"m.homeserver": {"base_url": config.server.public_baseurl}},
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
