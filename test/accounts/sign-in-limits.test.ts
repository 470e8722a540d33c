import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { forgetBrowsers, removeStaleBrowsers } from '../../src/accounts/known-browsers.store.ts';
import { KnownBrowsers } from '../../src/accounts/known-browsers.ts';
import {
  type SignInAttempt,
  SignInLimits,
  signInBudgets,
} from '../../src/accounts/sign-in-limits.ts';
import type { Queryable } from '../../src/database/database.ts';
import { RateLimits } from '../../src/http/rate-limits.ts';
import { addAccount, type Community, countingQueries, openCommunity } from './community.ts';

let community: Community;
let browsers: KnownBrowsers;
let annId: string;

beforeAll(async () => {
  community = await openCommunity();
  browsers = new KnownBrowsers(community.fingerprints);
  annId = (await addAccount(community, { address: 'ann@example.org', handle: 'ann' })).id;
  await browsers.rememberBrowser(community.db, "ann's browser", annId);
});
afterAll(() => community.close());

function limitsOn(db: Queryable, budgets = signInBudgets) {
  const limits = new RateLimits(db, community.fingerprints);
  return new SignInLimits({ db, limits, browsers, budgets });
}

/** Nothing was tried yet. */
const forgetAttempts = () => community.db.query('delete from rate_limits');

let hosts = 0;
const stranger = (identifier: string): SignInAttempt => {
  hosts += 1;
  return {
    identifier,
    address: `2001:db8:${hosts.toString(16)}::1`,
    browser: `stranger ${hosts}`,
  };
};

describe('limits of signing in', () => {
  test('hold per identifier, from many addresses and browsers, over two instances', async () => {
    await forgetAttempts();
    const [one, two] = community.instances.map((instance) => limitsOn(instance));
    const attempts = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 ? one : two)?.password(stranger('victim@example.org')),
      ),
    );
    assert.equal(attempts.filter((attempt) => attempt?.allowed).length, 10);
    const refused = attempts.find((attempt) => !attempt?.allowed);
    assert.ok(refused && !refused.allowed);
    assert.equal(refused.name, 'password/identifier');
    assert.ok(refused.retryAt > new Date());
  });

  test('hold per network, over many identifiers', async () => {
    await forgetAttempts();
    const limits = limitsOn(community.db);
    const results = await Promise.all(
      Array.from({ length: 330 }, (_, index) =>
        limits.password({
          ...stranger(`person ${index}`),
          address: `2001:db8:0:7:${index.toString(16)}::1`,
        }),
      ),
    );
    assert.equal(results.filter(({ allowed }) => allowed).length, 300);
    const neighbour = await limits.password({
      ...stranger('person'),
      address: '2001:db8:0:8::1',
    });
    assert.equal(neighbour.allowed, true);
  });

  test('ask nothing about accounts, so they are the same for known and unknown', async () => {
    await forgetAttempts();
    const work = async (identifier: string) => {
      const db = countingQueries(community.db);
      const limits = limitsOn(db);
      const results = [];
      for (let attempt = 0; attempt < 12; attempt += 1) {
        results.push((await limits.password(stranger(identifier))).allowed);
      }
      results.push((await limits.codeRequest(stranger(identifier))).allowed);
      results.push((await limits.codeGuess(stranger(identifier))).allowed);
      return { results, texts: db.texts };
    };
    const known = await work('ann@example.org');
    assert.deepEqual(await work('nobody@example.org'), known);
    assert.deepEqual(await work('ann'), known);
    assert.deepEqual(await work('nobody'), known);
    const [first, ...others] = known.texts.slice(0, 10);
    assert.deepEqual(new Set(others), new Set([first]), 'one statement while allowed');
    assert.doesNotMatch(first ?? '', /accounts|handles/);
  });

  test('of strangers lock out nobody whose browser signed in before', async () => {
    await forgetAttempts();
    const limits = limitsOn(community.db);
    for (const identifier of ['ann@example.org', 'ann']) {
      for (let attempt = 0; attempt < 15; attempt += 1) {
        await limits.password(stranger(identifier));
        await limits.codeRequest(stranger(identifier));
      }
      assert.equal((await limits.password(stranger(identifier))).allowed, false);
      assert.equal((await limits.codeRequest(stranger(identifier))).allowed, false);
      const ann = { ...stranger(identifier), browser: "ann's browser" };
      const granted = await limits.password(ann);
      assert.ok(granted.allowed && granted.knownBrowser);
      const code = await limits.codeRequest(ann);
      assert.ok(code.allowed && code.knownBrowser);
    }
  });

  test('hold for a known browser too, and only for its own account', async () => {
    await forgetAttempts();
    const limits = limitsOn(community.db);
    const thief = (identifier: string) => ({ ...stranger(identifier), browser: "ann's browser" });
    let allowed = 0;
    for (let attempt = 0; attempt < 30; attempt += 1) {
      if ((await limits.password(thief('ann@example.org'))).allowed) allowed += 1;
    }
    assert.equal(allowed, 20, "strangers' ten and its own ten");
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await limits.password(stranger('bob@example.org'));
    }
    assert.equal((await limits.password(thief('bob@example.org'))).allowed, false);
  });

  test('count failures only, where successes are given back', async () => {
    await forgetAttempts();
    const limits = limitsOn(community.db);
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const granted = await limits.password(stranger('often@example.org'));
      assert.ok(granted.allowed);
      await limits.giveBack(granted);
    }
    for (let request = 0; request < 30; request += 1) {
      const attempt = { ...stranger('often@example.org'), address: '192.0.2.7' };
      assert.ok((await limits.codeRequest(attempt)).allowed);
      const guess = await limits.codeGuess(attempt);
      assert.ok(guess.allowed);
      await limits.codeRedeemed(attempt, guess);
    }
    const counts = await community.db.query('select from rate_limits where count <> 0');
    assert.equal(counts.length, 0);
  });

  test('make codes longer instead of refusing them when guesses come from everywhere', async () => {
    await forgetAttempts();
    const codesOverAll = { limit: 20, seconds: 900 };
    const limits = limitsOn(community.db, { ...signInBudgets, codesOverAll });
    const digits = async (name: string) => {
      const granted = await limits.codeRequest(stranger(name));
      return granted.allowed ? granted.digits : undefined;
    };
    assert.equal(await digits('before@example.org'), 6);
    for (let guess = 0; guess < 20; guess += 1) {
      assert.equal((await limits.codeGuess(stranger(`spray ${guess}`))).allowed, true);
    }
    assert.equal(await digits('after@example.org'), 8);
  });
});

describe('a known browser', () => {
  test('is known for its account by address and handle, and for no other', async () => {
    const known = (browser: string, identifier: string) =>
      browsers.isKnown(community.db, browser, identifier);
    assert.equal(await known("ann's browser", 'ann@example.org'), true);
    assert.equal(await known("ann's browser", 'ann'), true);
    assert.equal(await known("ann's browser", 'nobody@example.org'), false);
    assert.equal(await known('stranger', 'ann@example.org'), false);
  });

  test('is stored as a fingerprint, and written once a day at most', async () => {
    const stored = () =>
      community.db.query<{ browser: string; version: string }>(
        'select browser, xmin::text as version from known_browsers',
      );
    const before = await stored();
    assert.equal(before.length, 1);
    assert.match(before[0]?.browser ?? '', /^[\w-]{43}$/);
    await browsers.rememberBrowser(community.db, "ann's browser", annId);
    assert.deepEqual(await stored(), before);
    await community.db.query(`update known_browsers set last_seen_at = now() - interval '2 days'`);
    await browsers.rememberBrowser(community.db, "ann's browser", annId);
    assert.notDeepEqual(await stored(), before);
  });

  test('is a stranger again once the account forgets its browsers', async () => {
    await forgetBrowsers(community.db, annId);
    assert.equal(await browsers.isKnown(community.db, "ann's browser", 'ann'), false);
  });

  test('is forgotten when it was not seen for half a year', async () => {
    await browsers.rememberBrowser(community.db, 'old', annId);
    await community.db.query(
      `update known_browsers set last_seen_at = now() - interval '181 days'`,
    );
    await browsers.rememberBrowser(community.db, 'new', annId);
    assert.equal(await removeStaleBrowsers(community.db), 1);
    assert.equal(await browsers.isKnown(community.db, 'old', 'ann'), false);
    assert.equal(await browsers.isKnown(community.db, 'new', 'ann'), true);
  });
});
