import assert from 'node:assert/strict';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { rotateDueKeys, rotateKeys } from '../../src/oidc/keys.ts';
import { type BalancedService, startInstances } from '../support/service.ts';
import { until } from '../support/until.ts';
import { Application, newVisitor } from './application.ts';
import { furnish, type Person, type World } from './world.ts';

describe('signing keys', () => {
  let world: World<BalancedService>;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await furnish(await startInstances(2));
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
  });
  afterAll(() => world.close());

  /** As each instance publishes them now. */
  const published = () =>
    Promise.all(
      world.service.instances.map(async ({ url }) => {
        const answer = await fetch(`${url}/oidc/jwks`);
        return (await answer.json()) as JSONWebKeySet;
      }),
    );
  const kidsOf = ({ keys }: JSONWebKeySet) => keys.map(({ kid }) => kid ?? '').sort();
  const signIn = async () => (await app.signIn(newVisitor(), ada)).id_token ?? '';
  const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? '';

  async function untilAllPublish(kids: string[]) {
    const agree = async () =>
      (await published()).every((set) => kids.every((kid) => kidsOf(set).includes(kid)));
    await until(agree, { what: 'both instances to publish the new keys', timeout: 15_000 });
  }

  test('are named by their thumbprint (RFC 7638), the same on every instance', async () => {
    const [one, other] = await published();
    assert.deepEqual(one, other);
    for (const key of one?.keys ?? []) assert.equal(key.kid, await calculateJwkThumbprint(key));
  });

  test('are published before they sign, and old tokens verify on after the change', async () => {
    const before = await signIn();
    const kids = await rotateKeys(world.database, world.ring, 3600);
    await untilAllPublish(kids);
    assert.equal(kidOf(await signIn()), kidOf(before), 'the new key does not sign yet');
    await world.database.query('update signing_keys set signs_from = now() where kid = any($1)', [
      kids,
    ]);
    const signsNow = async () => {
      const [one, other] = [await signIn(), await signIn()];
      return kids.includes(kidOf(one)) && kidOf(one) === kidOf(other) ? one : undefined;
    };
    const now = await until(signsNow, { what: 'the new key to sign', timeout: 15_000 });
    for (const set of await published()) {
      const keys = createLocalJWKSet(set);
      for (const token of [before, now]) {
        const { payload } = await jwtVerify(token, keys, { issuer: world.issuer });
        assert.equal(payload.sub, ada.id);
      }
    }
  });

  test('leave the set once what they signed has expired', async () => {
    const [old] = await world.database.query<{ kid: string }>(
      'update signing_keys set retires_at = now() where retires_at is not null returning kid',
    );
    const isGone = async () =>
      (await published()).every((set) => !kidsOf(set).includes(old?.kid ?? ''));
    await until(isGone, { what: 'the old key to leave', timeout: 15_000 });
  });

  test('are made anew by the schedule, once, however many instances look', async () => {
    const count = async () => {
      const [row] = await world.database.query<{ count: number }>(
        'select count(*)::int as count from signing_keys',
      );
      return row?.count ?? 0;
    };
    const before = await count();
    await rotateDueKeys(world.database, world.ring);
    assert.equal(await count(), before, 'young keys stay');
    await world.database.query(`update signing_keys set signs_from = now() - interval '91 days'`);
    await Promise.all([
      rotateDueKeys(world.database, world.ring),
      rotateDueKeys(world.database, world.ring),
    ]);
    assert.equal(await count(), before + 2);
  });

  test('are sealed in the database', async () => {
    const rows = await world.database.query<{ row: string }>(
      'select row_to_json(k)::text as row from signing_keys k',
    );
    for (const { row } of rows) assert.ok(!/"(d|p|q|dp|dq|qi)":/.test(row));
  });
});
