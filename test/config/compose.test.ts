import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config.ts';

interface Service {
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: (string | { source: string })[];
  ports?: string[];
  volumes?: string[];
  healthcheck?: object;
  [key: string]: unknown;
}

interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
  networks: { default: { ipam: { config: { gateway: string }[] } } };
}

const project = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, project), 'utf8');
const compose: Compose = parse(read('docker-compose.yml'), { merge: true });
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

const directory = mkdtempSync(join(tmpdir(), 'compose-'));
after(() => rmSync(directory, { recursive: true }));

/** The operator's answers in .env, as docs/deployment.md gives them. */
const answers = {
  PUBLIC_URL: 'https://id.example.org',
  SYNAPSE_PUBLIC_URL: 'https://matrix.example.org',
  MATRIX_SERVER_NAME: 'example.org',
  MAIL_FROM: 'OpenMeet <no-reply@example.org>',
};

/** What the container of a service gets as its environment. */
function environmentOf({ environment = {} }: Service): Record<string, string> {
  const image =
    read('Dockerfile')
      .match(/^ENV (.*)$/m)?.[1]
      ?.split(' ') ?? [];
  const fromImage = Object.fromEntries(image.map((pair) => pair.split('=')));
  const given: Record<string, string | undefined> = answers;
  const own = Object.entries(environment).map(([name, value]) => [
    name,
    value
      .replace(/\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g, (_, key, other) => given[key] ?? other ?? '')
      .replace('/run/secrets', join(directory, 'secrets')),
  ]);
  return { ...fromImage, ...Object.fromEntries(own) };
}

describe('the compose file', () => {
  before(() => {
    const lines = Object.entries(answers).map(([name, value]) => `${name}="${value}"`);
    writeFileSync(join(directory, '.env'), lines.join('\n'));
    const script = read('docs/deployment.md').match(/^```sh secrets\n([^`]*)```/m)?.[1] ?? 'exit 1';
    execFileSync('sh', ['-c', script], { cwd: directory });
  });

  test('gives each of our processes a configuration that production accepts', () => {
    const roles = ours.map(([, service]) => {
      const role = service.command?.[1] as 'web' | 'worker';
      const config = loadConfig(environmentOf(service), { ROLE: role });
      assert.equal(config.production, true);
      assert.equal(config.host, '0.0.0.0');
      return [config.role, config.matrix.accessToken !== undefined];
    });
    assert.deepEqual(roles, [
      ['web', false],
      ['worker', true],
    ]);
  });

  test('shows the token for Synapse to the worker only', () => {
    const holders = services.filter(([, { secrets }]) => secrets?.includes('matrix_access_token'));
    assert.deepEqual(
      holders.map(([name]) => name),
      ['worker'],
    );
  });

  test('takes every secret from a file that the documented commands make', () => {
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      assert.notEqual(readFileSync(join(directory, file), 'utf8').trim(), '', name);
      const users = services.filter(([, { secrets = [] }]) =>
        secrets.some((secret) => (typeof secret === 'string' ? secret : secret.source) === name),
      );
      assert.ok(users.length > 0, `${name} is used`);
    }
  });

  test('names only secrets and volumes that it declares', () => {
    for (const [name, { secrets = [], volumes = [] }] of services) {
      for (const secret of secrets) {
        assert.ok((typeof secret === 'string' ? secret : secret.source) in compose.secrets, name);
      }
      for (const source of volumes.map((volume) => volume.split(':')[0] ?? '')) {
        assert.ok(source.startsWith('./') || source in compose.volumes, `${name}: ${source}`);
      }
    }
  });

  test('publishes nothing beyond this machine', () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
    }
  });

  test('lets no process of ours write to its file system or gain privileges', () => {
    for (const [name, service] of ours) {
      assert.equal(service.read_only, true, name);
      assert.deepEqual(service.cap_drop, ['ALL'], name);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    }
    assert.match(read('Dockerfile'), /^USER node$/m);
  });

  test('checks the health of everything that goes on running', () => {
    assert.match(read('Dockerfile'), /^HEALTHCHECK .*\/health\/ready/m);
    for (const [name, { restart, build, healthcheck }] of services) {
      if (restart) assert.ok(build ?? healthcheck, name);
    }
  });

  test('trusts the gateway from which a proxy on the same machine comes', () => {
    const [, web] = ours[0] ?? assert.fail();
    const gateway = compose.networks.default.ipam.config[0]?.gateway;
    assert.equal(environmentOf(web).TRUSTED_PROXIES, gateway);
  });
});
