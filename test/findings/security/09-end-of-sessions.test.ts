import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, newVisitor, refused } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';

const day = 24 * 3600;

describe('a browser that stays signed in', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world?.close());

  async function signedIn() {
    const person = await world.addPerson();
    const visitor = newVisitor();
    const tokens = await app.signIn(visitor, person);
    return { person, visitor, tokens };
  }

  /** As if its session had begun, and its person proved who they are, so many days ago. */
  const letPass = ({ id }: Person, { began, proved }: { began: number; proved: number }) =>
    world.database.query(
      `update oidc_artifacts set payload = payload || jsonb_build_object(
          'iat', (payload->>'iat')::int - $2::int, 'loginTs', (payload->>'loginTs')::int - $3::int,
          'exp', (payload->>'exp')::int - 7200)
        where model = 'Session' and account_id = $1`,
      [id, began * day, proved * day],
    );

  async function isSignedIn(visitor: Visitor): Promise<boolean> {
    const page = await visitor.open((await app.request({ prompt: 'none' })).url);
    const { code, error } = answerOf(page);
    assert.ok(code || error === 'login_required');
    return code !== undefined;
  }

  const endOf = async ({ id }: Person) => {
    const [row] = await world.database.query<{ days: number }>(
      `select extract(epoch from expires_at - now())::float8 / 86400 as days
        from oidc_artifacts where model = 'Session' and account_id = $1`,
      [id],
    );
    return row?.days ?? 0;
  };

  test('is signed out 90 days after the last proof, however much it is used', async () => {
    const { person, visitor, tokens } = await signedIn();
    await letPass(person, { began: 90, proved: 90 });
    assert.equal(await isSignedIn(visitor), false);
    assert.match((await visitor.open(`${world.url}/account`)).heading, /^Sign in/);
    await refused(app.refresh(tokens.refresh_token), 'invalid_grant');
    await assert.rejects(app.userinfo(tokens));
  });

  test('is used until then, and no use of it moves that end', async () => {
    const { person, visitor } = await signedIn();
    await letPass(person, { began: 89, proved: 89 });
    assert.equal(await isSignedIn(visitor), true);
    const days = await endOf(person);
    assert.ok(days > 0.9 && days <= 1, `${days} days`);
  });

  test('has as long again after a proof', async () => {
    const { person, visitor } = await signedIn();
    await letPass(person, { began: 200, proved: 80 });
    const page = await visitor.open((await app.request({ prompt: 'login' })).url);
    answerOf(await visitor.submit(page, { password: person.password }));
    assert.equal(await isSignedIn(visitor), true);
    assert.ok((await endOf(person)) > 29);
  });

  test('is signed out after 30 days without use', async () => {
    const { person, visitor } = await signedIn();
    const days = await endOf(person);
    assert.ok(days > 29.9 && days <= 30, `${days} days`);
    await world.database.query(
      `update oidc_artifacts set payload = payload || jsonb_build_object(
          'exp', (payload->>'exp')::int - $2::int)
        where model = 'Session' and account_id = $1`,
      [person.id, 30 * day + 60],
    );
    assert.equal(await isSignedIn(visitor), false);
  });
});

describe('an operator', () => {
  test('can make both shorter, for those who are signed in too', async () => {
    const world = await openWorld();
    try {
      const app = await Application.of(world);
      const [early, late] = [await world.addPerson(), await world.addPerson()];
      const visitor = newVisitor();
      await app.signIn(visitor, early);
      await world.database.query(
        `update oidc_artifacts set payload = payload || jsonb_build_object(
            'iat', (payload->>'iat')::int - $1::int, 'loginTs', (payload->>'loginTs')::int - $1::int)
          where model = 'Session'`,
        [2 * day],
      );
      await world.service.kill('SIGTERM');
      world.service.configure({ SESSION_MAX_DAYS: '2', SESSION_IDLE_DAYS: '1' });
      await world.service.restart();
      const silent = await visitor.open((await app.request({ prompt: 'none' })).url);
      assert.equal(answerOf(silent).error, 'login_required');
      await app.signIn(newVisitor(), late);
      const [row] = await world.database.query<{ soon: boolean }>(
        `select expires_at <= now() + interval '1 day' as soon from oidc_artifacts
          where model = 'Session' and account_id = $1`,
        [late.id],
      );
      assert.equal(row?.soon, true);
    } finally {
      await world.close();
    }
  });
});
