import assert from 'node:assert/strict';
import { test } from 'vitest';
import { targetsOf, targetsOfHint } from '../../src/federation/atproto/input.ts';

const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz';

const understood: [string, string[]][] = [
  ['alice.example.com', ['alice.example.com', 'https://alice.example.com']],
  [' @Alice.Example.com ', ['alice.example.com', 'https://alice.example.com']],
  ['\u202a@alice.example.com\u202c', ['alice.example.com', 'https://alice.example.com']],
  ['alice', ['alice.bsky.social']],
  ['at://alice.example.com/', ['alice.example.com', 'https://alice.example.com']],
  [
    'https://bsky.app/profile/alice.example.com?ref=1',
    ['alice.example.com', 'https://alice.example.com'],
  ],
  [`https://bsky.app/profile/${did}/post/3k`, [did]],
  [did, [did]],
  [`at://${did}`, [did]],
  ['did:web:example.com', ['did:web:example.com']],
  ['https://pds.example.com/account?x=1', ['https://pds.example.com']],
  ['http://localhost:2583', ['http://localhost:2583']],
];

for (const [typed, targets] of understood) {
  test(`${JSON.stringify(typed)} means ${targets.join(', else ')}`, () => {
    assert.deepEqual(targetsOf(typed), targets);
  });
}

for (const typed of [undefined, '', '  ', '\u200b']) {
  test(`${JSON.stringify(typed)} is nothing: a handle is asked for`, () => {
    assert.throws(() => targetsOf(typed), { code: 'bluesky_handle_required', status: 422 });
  });
}

for (const typed of [
  'alice@example.com',
  'alice..example.com',
  '-alice.example.com',
  'alice.example.com:8080',
  '127.0.0.1',
  'https://me:secret@pds.example.com',
  'https://',
  'javascript:alert(1)',
  'file:///etc/passwd',
  `${'a'.repeat(300)}.example.com`,
]) {
  test(`${JSON.stringify(typed.slice(0, 40))} is neither a handle nor a server`, () => {
    assert.throws(() => targetsOf(typed), { code: 'bluesky_handle_unknown', status: 422 });
  });
}

for (const hint of ['ada', 'ada@example.com', 'https://pds.example.com', undefined]) {
  test(`the hint ${hint} is not taken for a Bluesky handle`, () => {
    assert.throws(() => targetsOfHint(hint), { code: 'bluesky_handle_required' });
  });
}

for (const hint of ['ada.example.com', 'at://ada.example.com', did]) {
  test(`the hint ${hint} is followed`, () => {
    assert.deepEqual(targetsOfHint(hint), targetsOf(hint));
  });
}
