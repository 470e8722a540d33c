import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { visitAccount } from '../../pages/account/visitor.ts';
import { until } from '../../support/until.ts';

describe('what an application has of a browser session that ran out', () => {
  /** Stands for a homeserver: it hears of ends. */
  const homeserver = createServer((_request, response) => response.end());
  let backchannelLogoutUri = '';
  let world: World;
  beforeAll(async () => {
    await once(homeserver.listen(0, '127.0.0.1'), 'listening');
    const { port } = homeserver.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    backchannelLogoutUri = `${url}/_synapse/client/oidc/backchannel_logout`;
    world = await openWorld({ env: { SYNAPSE_URL: url } });
  });
  afterAll(async () => {
    await world?.close();
    homeserver.close();
  });

  const removeExpired = (person: Person) =>
    world.database.query('delete from oidc_artifacts where account_id = $1', [person.id]);
  const sidsOf = async (person: Person) => {
    const rows = await world.database.query<{ sid: string }>(
      'select sid from client_sessions where account_id = $1 order by signed_in_at',
      [person.id],
    );
    return rows.map(({ sid }) => sid);
  };

  async function signedInLongAgo() {
    const person = await world.addPerson();
    const chat = await Application.of(world, { backchannelLogoutUri });
    const tokens = await chat.signIn(newVisitor(), person);
    await removeExpired(person);
    return { person, chat, sid: tokens.claims()?.sid };
  }

  test('is remembered until it was told of the end', async () => {
    const { person, sid } = await signedInLongAgo();
    assert.deepEqual(await sidsOf(person), [sid]);
    const { visitor, page } = await visitAccount(world, person);
    await visitor.submit(page, {}, { form: /sign-out$/ });
    assert.deepEqual(await sidsOf(person), [sid], 'it is no part of this browser’s session');
    await world.service.cli('accounts', 'sign-out', `@${person.handle}`, '--yes');
    await until(async () => (await sidsOf(person)).length === 0, { what: 'the end to be told' });
  });

  test('is remembered once for a browser, and only where a code was redeemed', async () => {
    const person = await world.addPerson();
    const chat = await Application.of(world, { backchannelLogoutUri });
    const visitor = newVisitor();
    const tokens = await chat.signIn(visitor, person);
    const again = await chat.request();
    await chat.redeem(again, await visitor.open(again.url));
    const other = await Application.of(world, { backchannelLogoutUri });
    await visitor.open((await other.request()).url);
    assert.deepEqual(await sidsOf(person), [tokens.claims()?.sid]);
  });

  test('is nothing where the application does not want to hear of it', async () => {
    const person = await world.addPerson();
    await (await Application.of(world)).signIn(newVisitor(), person);
    assert.deepEqual(await sidsOf(person), []);
  });

  test('ends with its account', async () => {
    const { person } = await signedInLongAgo();
    await world.service.cli('accounts', 'delete', `@${person.handle}`, '--yes');
    await until(async () => (await sidsOf(person)).length === 0, { what: 'the end to be told' });
  });
});
