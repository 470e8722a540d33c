import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'vitest';
import type { ListedKey } from '../../src/oidc/key-rotation.ts';
import { useTerminal } from './terminal.ts';

describe('keys', () => {
  const terminal = useTerminal();

  test('new keys sign soon, and the old ones stay published', async () => {
    const first = await terminal.json<ListedKey[]>('keys', 'rotate', '--now', '0');
    assert.deepEqual(first.map(({ alg }) => alg).sort(), ['ES256', 'RS256']);
    const second = await terminal.json<ListedKey[]>('keys', 'rotate');
    assert.ok(second.every(({ state }) => state === 'next'));
    const inSeconds = (Date.parse(`${second[0]?.signsFrom}`) - Date.now()) / 1000;
    assert.ok(inSeconds > 5 && inSeconds < 16, `${inSeconds}`);
    const all = await terminal.json<ListedKey[]>('keys', 'list');
    const states = new Map(all.map(({ kid, state }) => [kid, state]));
    for (const { kid } of first) assert.equal(states.get(kid), 'signs');
    for (const { kid } of second) assert.equal(states.get(kid), 'next');
    assert.ok(!JSON.stringify(all).includes('sealed'));
    assert.equal((await terminal.audited()).filter((it) => it === 'signing_key.created').length, 4);
  });

  test('after sealing again, the old encryption key can go', async () => {
    const old = terminal.env.ENCRYPTION_KEYS ?? '';
    const fresh = randomBytes(32).toString('base64');
    const withKeys = (keys: string) => ({ env: { ENCRYPTION_KEYS: keys } });
    const lost = await terminal.failure(['keys', 'list'], withKeys(fresh));
    assert.deepEqual([lost.exit, lost.code], [1, 'encryption_key_missing']);
    const { stdout } = await terminal.run(
      ['keys', 'reencrypt', '--json'],
      withKeys(`${fresh},${old}`),
    );
    assert.deepEqual(JSON.parse(stdout), {
      signingKeys: 4,
      dataKeys: 1,
      mails: 0,
      connections: 0,
      totpSecrets: 0,
    });
    const { code } = await terminal.run(['keys', 'list'], withKeys(fresh));
    assert.equal(code, 0);
  });
});
