import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  bring,
  openPlatform,
  type Platform,
  signInPage,
  whoSignsIn,
} from '../../handoff/hand-off.ts';
import { newVisitor } from '../../oidc/application.ts';
import { furnish, type World } from '../../oidc/world.ts';
import { type BalancedService, startInstances } from '../../support/service.ts';

describe('two instances', () => {
  let world: World<BalancedService>;
  let platform: Platform;
  beforeAll(async () => {
    world = await furnish(await startInstances(2));
    platform = await openPlatform(world);
  });
  afterAll(() => world.close());

  test('hand one person over in turns', async () => {
    const ann = await platform.addMember();
    const ticket = await platform.ticketFor(ann);
    const { served } = world.service.balancer;
    const from = served.length;
    const visitor = newVisitor();
    assert.equal((await bring(visitor, world, ticket)).url.href, signInPage);
    assert.equal(await whoSignsIn(visitor, platform.app), ann.id);
    const ports = served.slice(from);
    assert.ok(ports.length >= 6);
    for (const [index, port] of ports.entries()) assert.notEqual(port, ports[index - 1]);
  });

  test('take one ticket once, however many bring it at the same moment', async () => {
    const ann = await platform.addMember();
    for (let round = 0; round < 5; round++) {
      const ticket = await platform.ticketFor(ann);
      const visitors = Array.from({ length: 10 }, () => newVisitor());
      const pages = await Promise.all(visitors.map((visitor) => bring(visitor, world, ticket)));
      const [winner, ...others] = visitors.filter((_, i) => pages[i]?.url.href === signInPage);
      assert.ok(winner);
      assert.deepEqual(others, []);
      assert.equal(await whoSignsIn(winner, platform.app), ann.id);
    }
  });

  test('go on where one was killed on the way', async () => {
    const ann = await platform.addMember();
    const visitor = newVisitor();
    await bring(visitor, world, await platform.ticketFor(ann));
    const [first] = world.service.instances;
    await first?.kill('SIGKILL');
    assert.equal(await whoSignsIn(visitor, platform.app), ann.id);
  });
});
