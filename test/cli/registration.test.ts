import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { parse } from 'yaml';
import type { Registration } from '../../src/matrix/appservice/registration.ts';
import { useTerminal } from './terminal.ts';

describe('synapse registration', () => {
  const terminal = useTerminal();
  const command = ['synapse', 'registration'];

  test('the bot has nothing for itself but its own user and its aliases', async () => {
    const made = await terminal.json<Registration>(...command);
    assert.deepEqual(made.namespaces, {
      users: [{ exclusive: true, regex: '@openmeet-bot:matrix\\.example$' }],
      aliases: ['event-', 'group-', 'mosaic-', 'organization-', 'space-'].map((prefix) => ({
        exclusive: true,
        regex: `#${prefix}.*:matrix\\.example$`,
      })),
      rooms: [],
    });
    assert.partialDeepStrictEqual(made, {
      url: 'http://127.0.0.1:3000',
      sender_localpart: 'openmeet-bot',
      rate_limited: false,
    });
  });

  test('aliases that begin alike share a namespace, and nothing in a name is an expression', async () => {
    const { stdout } = await terminal.run([...command, '--json'], {
      env: {
        MATRIX_BOT_LOCALPART: 'room.bot',
        MATRIX_ROOM_ALIASES:
          'event=r.{slug};group=r.{slug};workspace=w-{tenant}-{slug};organization=w-{slug}',
      },
    });
    const { namespaces } = JSON.parse(stdout) as Registration;
    assert.deepEqual(
      [...namespaces.users, ...namespaces.aliases].map(({ regex }) => regex),
      [
        '@room\\.bot:matrix\\.example$',
        ...['r\\.', 'w-', 'space-'].map((prefix) => `#${prefix}.*:matrix\\.example$`),
      ],
    );
  });

  test('tokens are new each time, unless both are set', async () => {
    const [one, other] = [
      await terminal.json<Registration>(...command),
      await terminal.json<Registration>(...command),
    ];
    assert.match(one.as_token, /^[\w-]{43}$/);
    assert.equal(new Set([one.as_token, one.hs_token, other.as_token, other.hs_token]).size, 4);
    const env = {
      SYNAPSE_URL: 'http://127.0.0.1:1',
      MATRIX_ACCESS_TOKEN: 'as',
      MATRIX_HS_TOKEN: 'hs',
    };
    const kept = JSON.parse((await terminal.run([...command, '--json'], { env })).stdout);
    assert.deepEqual([kept.as_token, kept.hs_token], ['as', 'hs']);
    const renewed = await terminal.run([...command, '--new-tokens', '--json'], { env });
    assert.doesNotMatch(renewed.stdout, /_token": "(?:as|hs)"/);
  });

  test('a token of an admin is not taken for one of the bot', async () => {
    const { stdout, stderr } = await terminal.run([...command, '--json'], {
      env: { SYNAPSE_URL: 'http://127.0.0.1:1', MATRIX_ACCESS_TOKEN: 'of-an-admin' },
    });
    assert.doesNotMatch(stdout, /of-an-admin/);
    assert.match(stderr, /MATRIX_HS_TOKEN/);
  });

  test('what is written is for its owner alone, and never replaces another', async () => {
    const path = join(terminal.dataDir, 'bot.yaml');
    const { stdout } = await terminal.run([
      ...command,
      '--out',
      path,
      '--url',
      'http://web.internal:3000',
    ]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const written: Registration = parse(readFileSync(path, 'utf8'));
    assert.equal(written.url, 'http://web.internal:3000');
    assert.ok(stdout.includes(`MATRIX_ACCESS_TOKEN=${written.as_token}`));
    assert.ok(stdout.includes(`MATRIX_HS_TOKEN=${written.hs_token}`));
    assert.equal((await terminal.failure([...command, '--out', path])).code, 'file_exists');
    assert.equal(parse(readFileSync(path, 'utf8')).as_token, written.as_token);
  });
});
