import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { visitAccount } from './account-visitor.ts';
import { newVisitor } from './application.ts';
import { bring, events, openPlatform, type Platform, signInPage, signInThere } from './hand-off.ts';
import { openWorld, type World } from './world.ts';

describe('a hand-off', () => {
  let world: World;
  let platform: Platform;
  before(async () => {
    world = await openWorld();
    platform = await openPlatform(world);
  });
  after(() => world.close());

  test('signs in at the application without a page', async () => {
    const ann = await platform.addMember({ name: 'Ann' });
    const visitor = newVisitor();
    const there = await bring(visitor, world, await platform.ticketFor(ann));
    assert.equal(there.url.href, signInPage);
    const { attempt, page } = await signInThere(visitor, platform.app);
    const tokens = await platform.app.redeem(attempt, page);
    assert.equal(tokens.claims()?.sub, ann.id);
  });
});
