import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { root } from '../../../synapse/process.ts';
import { allVerbs } from '../../cli/commands.ts';
import { runCli } from '../../cli/terminal.ts';
import { newDeployment } from '../../support/deployment.ts';
import { programPath } from '../../support/programs.ts';

const page = readFileSync(join(root, 'docs/deployment.md'), 'utf8');

/** The commands of the page, each in one line, by what stands behind `sh` in their fence. */
function commands(label = ''): string[] {
  const fence = new RegExp(`^\`\`\`sh${label && ` ${label}`}\n([^\`]*)\`\`\``, 'gm');
  return [...page.matchAll(fence)].flatMap(([, block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  );
}

const isContainer = (command: string) => command.startsWith('docker ');

describe('following docs/deployment.md', () => {
  let here: string;
  beforeAll(() => {
    here = mkdtempSync(join(tmpdir(), 'following-'));
  });
  afterAll(() => rmSync(here, { recursive: true }));

  test('the first command asks for the names, and writes all files', () => {
    assert.deepEqual(
      commands().filter((command) => !isContainer(command) && !command.startsWith('npm ci')),
      [
        'npm run cli -- deploy init',
        'rm secrets/admin_token',
        'sed -i /^registration_shared_secret:/d secrets/synapse.yaml',
      ],
    );
    // A terminal, at which somebody types: the server's name, all as usual, then the mail server.
    const typed =
      'not a host\nhttps://Example.org/\n\n\n\n\nsmtps://user:password@mail.example.org\n';
    const command = `${process.execPath} src/cli/main.ts deploy init --directory ${here}`;
    const shown = execFileSync(
      'script',
      ['--quiet', '--return', '--command', command, '/dev/null'],
      {
        cwd: root,
        input: typed,
        encoding: 'utf8',
      },
    );
    assert.match(shown, /“not a host” is no name of a host/);
    assert.match(shown, /Host of Synapse \[matrix\.example\.org\]/);
    for (const file of [
      '.env',
      'secrets/bot.yaml',
      'deploy/Caddyfile',
      'deploy/well-known/client',
    ]) {
      assert.ok(existsSync(join(here, file)), file);
    }
  });

  test('the others that need no container do what they say', () => {
    execFileSync('sh', ['-c', 'echo token > secrets/admin_token; rm secrets/admin_token'], {
      cwd: here,
    });
    assert.match(readFileSync(join(here, 'secrets/synapse.yaml'), 'utf8'), /^registration_shared/m);
    const remove = commands().find((command) => command.startsWith('sed')) ?? assert.fail();
    execFileSync('sh', ['-c', remove], { cwd: here });
    assert.doesNotMatch(
      readFileSync(join(here, 'secrets/synapse.yaml'), 'utf8'),
      /registration_sh/,
    );
  });

  test('what is run in containers exists, and takes those options', async () => {
    const verbs = await allVerbs();
    const inside = commands().flatMap((command) => {
      const [, line] = / src\/cli\/main\.ts ([^<>]+)/.exec(command) ?? [];
      return isContainer(command) && line ? [line.trim()] : [];
    });
    assert.ok(inside.length >= 4);
    for (const line of inside) {
      const verb = verbs.find(({ path }) => `${line} `.startsWith(`${path} `));
      assert.ok(verb, line);
      const known = verb.command.options.map(({ long }) => long);
      for (const [option] of line.matchAll(/(?<= )--[a-z-]+/g)) {
        assert.ok(known.includes(option), `${option} in: ${line}`);
      }
    }
    assert.ok(commands().some((command) => command.includes('node synapse/admin-token.ts ')));
  });

  test('every file named in a command is one that `deploy init` wrote', () => {
    for (const command of commands().filter(isContainer)) {
      for (const [, file = ''] of command.matchAll(/< (secrets\/\w+)/g)) {
        assert.ok(existsSync(join(here, file)) || file === 'secrets/admin_token', file);
      }
    }
  });

  test('a second time it overwrites nothing', async () => {
    const deployment = await newDeployment();
    try {
      const key = join(deployment.directory, 'secrets/encryption_keys');
      const before = readFileSync(key, 'utf8');
      const again = await runCli([
        ...[
          'deploy',
          'init',
          '--server-name',
          'example.net',
          '--smtp-url',
          'smtps://mail.example.net',
        ],
        ...['--directory', deployment.directory, '--json'],
      ]);
      assert.equal(again.code, 1);
      assert.equal(JSON.parse(again.stderr).error.code, 'file_exists');
      assert.equal(readFileSync(key, 'utf8'), before);
    } finally {
      deployment.remove();
    }
  });

  test('secrets are kept from strangers, and read by Synapse’s own account whatever the umask', async () => {
    const deployment = await newDeployment();
    try {
      const mode = (path: string) => statSync(join(deployment.directory, path)).mode & 0o777;
      assert.equal(mode('secrets'), 0o700);
      assert.equal(mode('secrets/bot.yaml'), 0o644);
      // As Docker does, which shows each file by itself.
      chmodSync(deployment.directory, 0o711);
      chmodSync(join(deployment.directory, 'secrets'), 0o711);
      const bot = readFileSync(join(deployment.directory, 'secrets/bot.yaml'), 'utf8');
      const asSynapse = { uid: 991, gid: 991, encoding: 'utf8' } as const;
      const options = process.getuid?.() === 0 ? asSynapse : ({ encoding: 'utf8' } as const);
      const seen = execFileSync('cat', [join(deployment.directory, 'secrets/bot.yaml')], options);
      assert.equal(seen, bot);
    } finally {
      deployment.remove();
    }
  });

  for (const [what, options, code] of [
    ['an address with a port', ['--id', 'id.example.org:443'], 'host_invalid'],
    ['one host for two', ['--id', 'chat.example.org'], 'hosts_equal'],
    ['a sender who is none', ['--mail-from', 'nobody'], 'configuration'],
  ] as const) {
    test(`${what} is refused before anything is written`, async () => {
      const directory = join(here, code);
      const { stderr } = await runCli([
        ...[
          'deploy',
          'init',
          '--server-name',
          'example.org',
          '--smtp-url',
          'smtps://mail.example.org',
        ],
        ...['--directory', directory, '--json', ...options],
      ]);
      assert.equal(JSON.parse(stderr).error.code, code);
      assert.ok(!existsSync(directory));
    });
  }
});

describe('a deployment without containers', () => {
  test('has a unit that systemd understands, and that gives little away', () => {
    const directory = mkdtempSync(join(tmpdir(), 'unit-'));
    try {
      const unit = join(directory, 'openmeet-id@web.service');
      const text = readFileSync(join(root, 'systemd/openmeet-id@.service'), 'utf8');
      execFileSync('sh', ['-c', 'cat > "$0"', unit], {
        input: text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`),
      });
      const analyze = programPath('systemd-analyze', 'systemd');
      execFileSync(analyze, ['verify', unit], { stdio: 'pipe' });
      const judged = execFileSync(analyze, ['security', '--offline=yes', '--threshold=20', unit], {
        encoding: 'utf8',
      });
      assert.match(judged, /Overall exposure level/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('gives both roles settings that production accepts, and a port of their own', async () => {
    const { directory, remove } = await newDeployment();
    try {
      const [block = ''] = page.match(/(?<=^```sh settings\n)[^`]*/m) ?? [];
      const files = new Map(
        block
          .split(/^# /m)
          .slice(1)
          .map((part): [string, string] => {
            const [path = '', ...lines] = part.trim().split('\n');
            return [path.replace('/etc/openmeet-id/', ''), lines.join('\n')];
          }),
      );
      const env = (role: string) =>
        Object.fromEntries(
          `NODE_ENV=production\n${files.get('settings')}\n${files.get(role)}`
            .replaceAll('/etc/openmeet-id', directory)
            .split('\n')
            .map((line) => /^(\w+)="?([^"]*)"?$/.exec(line)?.slice(1) ?? assert.fail(line)),
        );
      const web = loadConfig(env('web'), { ROLE: 'web' });
      const worker = loadConfig(env('worker'), { ROLE: 'worker' });
      assert.notEqual(web.port, worker.port);
      assert.equal(web.matrix.accessToken, undefined);
      assert.ok(worker.matrix.accessToken);
    } finally {
      remove();
    }
  });
});
