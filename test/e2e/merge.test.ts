import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { until } from '../support/until.ts';
import { join, password } from './newcomer.ts';
import type { Person } from './person.ts';
import { startWorld, type World } from './world.ts';

describe('two accounts of one person that become one', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  /** Up to the choice, from the browser that is signed in as the first. */
  async function proveBoth(person: Person, own: string, other: string): Promise<void> {
    await person.page.goto(`${world.service.url}/account`);
    await person.follow('Manage');
    await person.follow('I have another account here');
    await person.press('Sign in to the other account');
    await person.send({ email: other, password });
    assert.match(await person.read(), new RegExp(`Confirm it’s you.*@${own}`));
    await person.send({ password });
  }

  test('are one Matrix user from then on: the other is ended, its handle is nobody’s', async () => {
    for (const handle of ['rosa', 'rosalind']) {
      await join(world, { email: `${handle}@example.org`, name: handle, handle, password });
    }
    const [home, away, elsewhere] = await Promise.all([1, 2, 3].map(() => world.newPerson()));
    assert.ok(home && away && elsewhere);
    const lost = await away.signIn('rosalind', password);
    const other = await elsewhere.signIn('rosa', password);
    const kept = await home.signIn('rosa', password);

    await proveBoth(home, 'rosa', 'rosalind');
    await home.page.getByRole('radio', { name: /@rosa / }).check();
    await home.press('Continue');
    assert.match(await home.heading(), /Keep @rosa and close @rosalind/);
    await home.press('Merge for good');
    assert.match(await home.read(), /Your two accounts are one now/);

    await until(async () => (await world.matrixUser('rosalind')).deactivated, {
      what: 'the end of the other Matrix user',
    });
    await until(async () => !(await lost.alive()), { what: 'the end of its device' });
    const { deactivated, external_ids } = await world.matrixUser('rosa');
    assert.deepEqual([deactivated, external_ids.length], [false, 1]);
    await until(async () => !(await other.alive()), { what: 'the end of other sessions' });
    assert.ok(await kept.alive(), 'where both were proved, nothing ends');
    const again = await away.signIn('rosa', password);
    assert.equal(again.userId, kept.userId);

    const newcomer = await world.newPerson();
    await newcomer.beginSignIn();
    await newcomer.follow('Create an account');
    await newcomer.send({ email: 'late@example.org' });
    await newcomer.enterCode('late@example.org');
    await newcomer.send({ name: 'Late', handle: 'rosalind' });
    assert.match(await newcomer.read(), /This one is taken/);
  });
});
