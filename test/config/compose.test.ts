import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config.ts';
import { assertComposeFile } from '../support/compose-schema.ts';
import { newDeployment } from '../support/deployment.ts';

interface Service {
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: (string | { source: string })[];
  ports?: string[];
  volumes?: string[];
  healthcheck?: object;
  logging?: object;
  extra_hosts?: string[];
  [key: string]: unknown;
}

interface Compose {
  'x-logging': { options: object };
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

let deployment: Awaited<ReturnType<typeof newDeployment>>;
let answers: Record<string, string | undefined>;
afterAll(() => deployment.remove());

/** As Compose interpolates, with what is in `.env`. */
function filledIn(value: string): string {
  return value.replace(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_, key, other) => answers[key] ?? other ?? '',
  );
}

/** What the container of a service gets as its environment. */
function environmentOf({ environment = {} }: Service): Record<string, string> {
  const image =
    read('Dockerfile')
      .match(/^ENV (.*)$/m)?.[1]
      ?.split(' ') ?? [];
  const fromImage = Object.fromEntries(image.map((pair) => pair.split('=')));
  const own = Object.entries(environment).map(([name, value]) => [
    name,
    filledIn(value).replace('/run/secrets', join(deployment.directory, 'secrets')),
  ]);
  return { ...fromImage, ...Object.fromEntries(own) };
}

describe('the compose file', () => {
  beforeAll(async () => {
    deployment = await newDeployment();
    const lines = readFileSync(join(deployment.directory, '.env'), 'utf8').matchAll(
      /^(\w+)="(.*)"$/gm,
    );
    answers = Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
  });

  test('is valid by the Compose Specification', async () => {
    await assertComposeFile(new URL('docker-compose.yml', project).pathname);
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

  test('takes every secret from a file that `deploy init` makes', () => {
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      assert.notEqual(readFileSync(join(deployment.directory, file), 'utf8').trim(), '', name);
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
        const here = ['.', deployment.directory].some((at) => existsSync(join(at, source)));
        assert.ok((source.startsWith('./') && here) || source in compose.volumes, source);
      }
    }
  });

  test('publishes nothing beyond this machine', () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
    }
  });

  test('lets no process gain privileges, or of ours write to its file system', () => {
    for (const [name, service] of services) {
      assert.deepEqual(service.cap_drop, ['ALL'], name);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    }
    for (const [name, { read_only }] of ours) assert.equal(read_only, true, name);
    assert.match(read('Dockerfile'), /^USER node$/m);
  });

  test('lets nothing fill the disk by what it logs', () => {
    for (const [name, { logging }] of services) {
      assert.deepEqual(logging, compose['x-logging'], name);
    }
    assert.deepEqual(compose['x-logging'].options, { 'max-size': '10m', 'max-file': '5' });
  });

  test('reaches its own public names from inside through the reverse proxy', () => {
    for (const name of ['web', 'worker', 'synapse']) {
      const hosts = (compose.services[name]?.extra_hosts ?? []).map(filledIn);
      assert.deepEqual(
        hosts,
        ['id.example.org:host-gateway', 'matrix.example.org:host-gateway'],
        name,
      );
    }
  });

  test('checks the health of everything that goes on running', () => {
    assert.match(read('Dockerfile'), /^HEALTHCHECK .*\/health\/ready/m);
    for (const [name, { restart, build, healthcheck }] of services) {
      if (restart !== 'no') assert.ok(build ?? healthcheck, name);
    }
  });

  test('trusts the gateway from which a proxy on the same machine comes', () => {
    const [, web] = ours[0] ?? assert.fail();
    const gateway = compose.networks.default.ipam.config[0]?.gateway;
    assert.equal(environmentOf(web).TRUSTED_PROXIES, gateway);
  });
});
