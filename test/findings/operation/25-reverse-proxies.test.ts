import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { parse } from 'yaml';
import { newDeployment } from '../../support/deployment.ts';
import { freePorts } from '../../support/ports.ts';
import { programPath } from '../../support/programs.ts';
import { until } from '../../support/until.ts';

/** Stands where this service, Synapse and Element Web would: says which, and what it was sent. */
function upstream(name: string): Server {
  return createServer(({ url, headers }, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ name, url, headers, filling: 'x'.repeat(4000) }));
  });
}

type Answer = { status: number; headers: IncomingMessage['headers']; body: string };

function ask(port: number, host: string, path: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host, ...headers } });
    sent.once('error', reject);
    sent.once('response', async (answer) =>
      resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: await text(answer),
      }),
    );
    sent.end();
  });
}

/** `deploy init`'s file with this machine's ports, and without the certificates that nobody gives us. */
type Proxy = {
  name: string;
  program: () => string;
  write(directory: string, ports: Ports): string[];
};
type Ports = { proxy: number; id: number; matrix: number; chat: number };

function withPorts(config: string, { id, matrix, chat }: Ports): string {
  return config
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${id}`)
    .replaceAll('127.0.0.1:8008', `127.0.0.1:${matrix}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${chat}`);
}

const caddy: Proxy = {
  name: 'Caddy',
  program: () => programPath('caddy'),
  write(directory, ports) {
    const config = withPorts(readFileSync(join(directory, 'deploy/Caddyfile'), 'utf8'), ports);
    const file = join(directory, 'Caddyfile');
    const bare = config.replace(/^([a-z.]+) \{$/gm, `http://$1:${ports.proxy} {\n\tbind 127.0.0.1`);
    writeFileSync(file, `{\n\tadmin off\n}\n${bare}`);
    return ['run', '--config', file];
  },
};

const nginx: Proxy = {
  name: 'nginx',
  program: () => programPath('nginx', 'nginx-light'),
  write(directory, ports) {
    const config = withPorts(readFileSync(join(directory, 'deploy/nginx.conf'), 'utf8'), ports);
    const bare = config
      .replace(/^server \{\n {2}listen 80;[^}]*\}/m, '')
      .replaceAll(/^ {2}listen \[.*\n|^ {2}ssl_.*\n/gm, '')
      .replaceAll('listen 443 ssl http2;', `listen 127.0.0.1:${ports.proxy};`);
    const file = join(directory, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off; master_process off; error_log stderr; pid ${directory}/nginx.pid;
events {}
http { access_log off; client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy;
${bare} }`,
    );
    return ['-c', file];
  },
};

for (const proxy of [caddy, nginx]) {
  describe(`${proxy.name}, with the file of \`deploy init --federation\``, () => {
    const servers: Server[] = [];
    let deployment: Awaited<ReturnType<typeof newDeployment>>;
    let port: number;
    let running: ChildProcess;

    beforeAll(async () => {
      deployment = await newDeployment('--federation');
      const ports: Partial<Ports> = { proxy: (await freePorts(1))[0] };
      for (const name of ['id', 'matrix', 'chat'] as const) {
        const server = upstream(name).listen(0, '127.0.0.1');
        await once(server, 'listening');
        ports[name] = (server.address() as AddressInfo).port;
        servers.push(server);
      }
      port = ports.proxy as number;
      const home = join(deployment.directory, 'home');
      mkdirSync(home);
      running = spawn(proxy.program(), proxy.write(deployment.directory, ports as Ports), {
        env: { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home },
        stdio: 'ignore',
      });
      const answers = () =>
        ask(port, 'chat.example.org', '/').then(
          () => true,
          () => false,
        );
      await until(answers, { what: proxy.name });
    });

    afterAll(async () => {
      running.kill('SIGTERM');
      await once(running, 'exit');
      for (const server of servers) server.close();
      deployment.remove();
    });

    test('lets no other site frame Element Web', async () => {
      const { headers } = await ask(port, 'chat.example.org', '/');
      assert.equal(headers['content-security-policy'], "frame-ancestors 'self'");
      assert.equal(headers['x-frame-options'], 'SAMEORIGIN');
      assert.equal(headers['x-content-type-options'], 'nosniff');
    });

    test('leads each name to its service, with the Host that was asked for', async () => {
      for (const [host, path, name] of [
        ['id.example.org', '/oidc/auth', 'id'],
        ['matrix.example.org', '/_matrix/client/versions', 'matrix'],
        ['matrix.example.org', '/_synapse/client/oidc/callback', 'matrix'],
        ['chat.example.org', '/', 'chat'],
      ] as const) {
        const { status, body } = await ask(port, host, path);
        assert.equal(status, 200);
        const seen = JSON.parse(body);
        assert.deepEqual([seen.name, seen.headers.host.split(':')[0]], [name, host]);
      }
    });

    test('writes who asks by itself, whatever was sent', async () => {
      const lies = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'gopher' };
      const { body } = await ask(port, 'id.example.org', '/', lies);
      const { headers } = JSON.parse(body);
      assert.equal(headers['x-forwarded-for'], '127.0.0.1');
      assert.equal(headers['x-forwarded-proto'], 'http');
    });

    test('keeps figures inside', async () => {
      assert.equal((await ask(port, 'id.example.org', '/metrics')).status, 404);
    });

    test('keeps Synapse’s admin API inside', async () => {
      for (const path of [
        '/_synapse/admin/v1/server_version',
        '/_SYNAPSE/admin/v1/users',
        '/_synapse/client/../admin/v1/users',
        '/_synapse/client/%2e%2e/admin/v1/users',
        '//_synapse/admin/v1/users',
      ]) {
        const { body, status } = await ask(port, 'matrix.example.org', path);
        assert.ok(status >= 300, `${path}: ${status} ${body.slice(0, 200)}`);
      }
    });

    test('tells clients and other homeservers where Synapse is', async () => {
      const client = await ask(port, 'example.org', '/.well-known/matrix/client');
      assert.equal(client.headers['access-control-allow-origin'], '*');
      assert.match(client.headers['content-type'] ?? '', /^application\/json/);
      const { 'm.homeserver': homeserver } = JSON.parse(client.body);
      assert.equal(homeserver.base_url, 'https://matrix.example.org');
      const server = await ask(port, 'example.org', '/.well-known/matrix/server');
      assert.deepEqual(JSON.parse(server.body), { 'm.server': 'matrix.example.org:443' });
    });

    test('compresses text', async () => {
      const { headers } = await ask(port, 'id.example.org', '/', { 'accept-encoding': 'gzip' });
      assert.equal(headers['content-encoding'], 'gzip');
    });
  });
}

test('nginx takes the file as it is, with certificates where it names them', async () => {
  const { directory, remove } = await newDeployment();
  try {
    const config = readFileSync(join(directory, 'deploy/nginx.conf'), 'utf8');
    const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=example.org'].concat([
        '-keyout',
        key,
        '-out',
        certificate,
      ]),
      { stdio: 'ignore' },
    );
    const file = join(directory, 'nginx.conf');
    const named = config
      .replaceAll(/\S+fullchain\.pem/g, certificate)
      .replaceAll(/\S+privkey\.pem/g, key);
    // As Debian's own file has it.
    writeFileSync(file, `pid ${directory}/pid;\nevents {}\nhttp {\ngzip on;\n${named}\n}`);
    execFileSync(programPath('nginx', 'nginx-light'), ['-t', '-q', '-c', file], { stdio: 'pipe' });
  } finally {
    remove();
  }
});

test('Traefik’s file leads each name, and only what is for the outside, to its service', async () => {
  const { directory, remove } = await newDeployment('--federation');
  try {
    const { http } = parse(readFileSync(join(directory, 'deploy/traefik.yml'), 'utf8'));
    const rules = Object.values(http.routers as Record<string, { rule: string; service: string }>);
    for (const { rule, service } of rules) {
      assert.ok(service in http.services, service);
      assert.match(
        rule,
        /^Host\(`[a-z.]+example\.org`\)( && |$)|^Host\(`example\.org`\) && Path\(/,
      );
    }
    assert.match(http.routers.matrix.rule, /PathPrefix\(`\/_synapse\/client\/`\)/);
    assert.doesNotMatch(http.routers.matrix.rule, /admin/);
  } finally {
    remove();
  }
});
