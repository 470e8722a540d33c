import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { type ForwardingProblem, peerAddress } from '../../../src/http/peer.ts';
import { problemsOf, production } from '../../config/settings.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { until } from '../../support/until.ts';

const { TRUSTED_PROXIES: _given, ...untold } = production;

describe('in production', () => {
  test('https without a word about proxies is refused, and the message says what to write', () => {
    const problems = problemsOf(untold);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', /^TRUSTED_PROXIES is missing\..+127\.0\.0\.1.+none/);
  });

  test('`none` is an answer, and trusts nobody', () => {
    const config = loadConfig({ ...untold, TRUSTED_PROXIES: 'none' });
    assert.deepEqual(config.trustedProxies, []);
  });

  test('plain http on this machine needs no proxy', () => {
    assert.deepEqual(problemsOf({ ...untold, PUBLIC_URL: 'http://127.0.0.1:3000' }), []);
  });
});

describe('the address of a person', () => {
  const proxy = '10.0.0.5';

  function seen(forwarded: string | string[] | undefined, remoteAddress = proxy) {
    const problems: ForwardingProblem[] = [];
    const peer = peerAddress(['10.0.0.0/24', 'fd00::5/128'], (problem) => problems.push(problem));
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    const address = peer({ socket: { remoteAddress }, headers } as unknown as IncomingMessage);
    return { address, problems };
  }

  const forms: [forwarded: string, address: string][] = [
    ['203.0.113.5', '203.0.113.5'],
    ['203.0.113.5:51234', '203.0.113.5'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['::ffff:203.0.113.5', '203.0.113.5'],
    ['[::ffff:203.0.113.5]:80', '203.0.113.5'],
    ['198.51.100.1:1, 203.0.113.5:2, 10.0.0.9:3', '203.0.113.5'],
    ['1.1.1.1,203.0.113.5:51234 , [fd00::5]:1', '203.0.113.5'],
  ];
  for (const [forwarded, address] of forms) {
    test(`is read from ${forwarded}`, () => {
      assert.deepEqual(seen(forwarded), { address, problems: [] });
    });
  }

  for (const hop of ['unknown', '_hidden', '203.0.113.5:port', '203.0.113', '0x7f.1', '[::1', '']) {
    test(`is not made up from “${hop}”, and somebody is told`, () => {
      const { address, problems } = seen(`198.51.100.1, ${hop}`);
      assert.equal(address, proxy);
      assert.deepEqual(problems, [{ kind: 'unreadable', proxy, hop }]);
    });
  }

  test('of a proxy in the own network that is not named is told as well', () => {
    const { address, problems } = seen('203.0.113.5', '192.168.7.1');
    assert.equal(address, '192.168.7.1');
    assert.deepEqual(problems, [{ kind: 'untrusted', proxy: '192.168.7.1' }]);
  });

  test('that a stranger writes counts for nothing, and fills no log', () => {
    const stranger = '198.51.100.77';
    assert.deepEqual(seen('203.0.113.5', stranger), { address: stranger, problems: [] });
    assert.deepEqual(seen(undefined), { address: proxy, problems: [] });
  });
});

describe('behind a proxy that adds ports', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld({ env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
  });
  afterAll(() => world.close());

  const ask = (forwarded: string) =>
    fetch(`${world.url}/`, { headers: { 'x-forwarded-for': forwarded }, redirect: 'manual' });

  test('each person has an address of their own in the log', async () => {
    await ask('203.0.113.5:51234');
    await ask('[2001:db8::7]:443');
    await until(() => world.service.logs().includes('"address":"203.0.113.5"'), { what: 'IPv4' });
    await until(() => world.service.logs().includes('"address":"2001:db8::7"'), { what: 'IPv6' });
  });

  test('what cannot be read is warned of once, however often it comes', async () => {
    for (let count = 0; count < 5; count += 1) await ask('who knows');
    await until(() => world.service.logs().split('"path":"/"').length > 7, { what: 'requests' });
    const warnings = world.service.logs().match(/"level":"warn"[^\n]+"hop":"who knows"/g);
    assert.equal(warnings?.length, 1);
  });
});
