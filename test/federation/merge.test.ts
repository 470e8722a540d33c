import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { beginMerge, chooseKept, proveOwn, statusOf } from '../oidc/merging.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { GoogleStandIn } from './google.ts';
import { stranger } from './person.ts';

describe('an account that is signed in to by another provider', () => {
  let google: GoogleStandIn;
  let world: World;
  let app: Application;
  beforeAll(async () => {
    google = await GoogleStandIn.start();
    world = await openWorld({ env: google.env });
    app = await Application.of(world);
  });
  afterAll(async () => {
    await world?.close();
    await google?.stop();
  });

  async function signInByGoogle(handle?: string): Promise<string | undefined> {
    const visitor = newVisitor();
    const attempt = await app.request();
    const page = await visitor.click(await visitor.open(attempt.url), 'Google');
    const back = handle ? await visitor.submit(page, { handle }, { button: 'Continue' }) : page;
    return (await app.redeem(attempt, back)).claims()?.sub;
  }

  test('is proved there to be merged, and that way leads to the one that stays', async () => {
    google.person = stranger();
    const other = (await signInByGoogle('by.google')) as string;
    const own = await world.addPerson();
    const { visitor, page } = await beginMerge(world, own);
    const again = await visitor.click(page, 'Google');
    const choice = await proveOwn(visitor, again, own);
    assert.match(choice.text, /@by\.google .* Google/);
    const confirm = await chooseKept(visitor, choice, own);
    await visitor.submit(confirm, {}, { button: 'Merge for good' });
    assert.equal(await statusOf(world, { id: other }), 'deleted');
    assert.equal(await signInByGoogle(), own.id);
  });

  test('is not made by the way: whoever is new there merges nothing', async () => {
    const own = await world.addPerson();
    const { visitor, page } = await beginMerge(world, own);
    google.person = stranger();
    const welcome = await visitor.click(page, 'Google');
    assert.match(welcome.url.pathname, /\/profile$/, 'a new account, if they want one');
    const [row] = await world.database.query(
      'select other_account_id as other from account_merges where account_id = $1',
      [own.id],
    );
    assert.deepEqual(row, { other: null });
  });
});
