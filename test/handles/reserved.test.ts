import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { handlePolicy, refusal } from '../../src/handles/policy.ts';
import { builtInWords, readReservedWords, reservedReason } from '../../src/handles/reserved.ts';
import { handleLength } from '../../src/handles/rules.ts';
import { skeleton } from '../../src/handles/skeleton.ts';

const policy = handlePolicy({
  serverName: 'matrix.example',
  reservedWords: [],
  reservedPatterns: [],
  appserviceNamespaces: [],
});

describe('reserved words', () => {
  test('are several hundred', () => {
    assert.ok(builtInWords.words.size > 500, String(builtInWords.words.size));
  });

  test('include every mailbox of RFC 2142', () => {
    const mailboxes =
      'info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp';
    for (const mailbox of mailboxes.split(' ')) {
      assert.equal(refusal(mailbox, policy), 'reserved', mailbox);
    }
  });

  for (const word of ['admin', 'moderator', 'matrix', 'element', 'openmeet', 'api', 'hookshot']) {
    test(`refuse ${word}`, () => assert.equal(refusal(word, policy), 'reserved'));
  }

  const lookAlikes = [
    'adm1n',
    'admln',
    'ad.min',
    'aclmin',
    'adnnin',
    'a-d-m-i-n',
    'adm.1n',
    'r00t',
    'rnoderator',
    'm0derat0r',
    'mod3rator',
    'supp0rt',
    'sup-p0rt',
    'post.master',
    'n0reply',
    'n0-reply',
    'openrneet',
    'openm33t',
    'open_meet',
    'e1ement',
    'secur1ty',
    'b0t',
  ];
  for (const handle of lookAlikes) {
    test(`refuse ${handle} for what it looks like`, () => {
      assert.equal(refusal(handle, policy), 'reserved_look_alike');
    });
  }

  for (const handle of ['badminton', 'adminton', 'matrixfan', 'robotics', 'supporter', 'bottas']) {
    test(`leave ${handle} alone, which only contains one`, () => {
      assert.equal(refusal(handle, policy), undefined);
    });
  }

  test('refuse nobody by a common name', () => {
    const file = new URL('common-names.txt', import.meta.url);
    const names = readFileSync(file, 'utf8').replace(/^#.*/gm, '').trim().split(/\s+/);
    const possible = names.filter((name) => name.length >= handleLength.min);
    assert.ok(possible.length > 700);
    const refused = possible.filter((name) => refusal(name, policy));
    assert.deepEqual(refused, []);
  });
});

describe('readReservedWords', () => {
  test('reads comments, several words a line and exact words', () => {
    const words = readReservedWords('# a\nRoot boss # b\n\n=mail\n');
    assert.equal(reservedReason('root', words), 'reserved');
    assert.equal(reservedReason('b0ss', words), 'reserved_look_alike');
    assert.equal(reservedReason('mail', words), 'reserved');
    assert.equal(reservedReason('mali', words), undefined);
    assert.equal(words.words.size, 3);
  });
});

describe('skeleton', () => {
  const alike: [string, string][] = [
    ['admin', 'adm1n'],
    ['moderator', 'rnoderator'],
    ['owner', '0vvner'],
    ['client', 'dient'],
    ['no-reply', 'noreply'],
    ['stage', '5t493'],
  ];
  for (const [one, other] of alike) {
    test(`is one for ${one} and ${other}`, () => assert.equal(skeleton(one), skeleton(other)));
  }
});
