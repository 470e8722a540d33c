import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { FoundAccount } from '../../../src/accounts/found.ts';
import { migrations } from '../../cli/migration.ts';
import { useTerminal } from '../../cli/terminal.ts';
import { Application, newVisitor } from '../../oidc/application.ts';
import { merge } from '../../oidc/merging.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { actionsOn, visitAccount } from '../../pages/account/visitor.ts';
import {
  acceptInvitation,
  finish,
  inviteTo,
  newEmail,
  newHandle,
  proveAddress,
} from '../../pages/invitation/invitee.ts';
import { addMachine, call, tokenOf } from '../../platform/api.ts';
import type { Visitor } from '../../support/forms.ts';

type Data = Record<'memberships' | 'invitations' | 'guests' | 'merges', Record<string, unknown>[]>;

describe('a person', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const cli = <T>(...args: string[]) => world.service.cli<T>(...args);
  async function dataOf(visitor: Visitor): Promise<Data> {
    const { body } = await visitor.fetch(`${world.url}/account/data`, { method: 'GET' });
    return JSON.parse(body);
  }

  test('is in the groups that the operator sets, for applications to read', async () => {
    const person = await world.addPerson();
    const app = await Application.of(world);
    const set = (...args: string[]) =>
      cli<FoundAccount>('accounts', 'set-groups', person.id, ...args);
    const groups = ['staff', 'Chor der Älteren'];
    const { groups: shown } = await set('--group', groups[0] ?? '', '--group', groups[1] ?? '');
    assert.deepEqual(shown, groups);
    const tokens = await app.signIn(newVisitor(), person);
    assert.deepEqual(tokens.claims()?.groups, groups, 'in the ID token, which Synapse reads');
    assert.deepEqual((await app.userinfo(tokens)).groups, groups);
    assert.deepEqual((await set('--none')).groups, []);
    assert.ok((await actionsOn(world, person.id)).includes('account.groups_set'));
    for (const odd of [
      [],
      ['--none', '--group', 'x'],
      ['--group', '\u3164'],
      ['--group', 'a\u0007b'],
    ]) {
      await assert.rejects(set(...odd), /nothing_given|group_invalid/);
    }
  });

  test('finds memberships and invitations in their data, and what platforms know of a guest', async () => {
    const tenantId = world.defaultTenantId;
    const [email, handle] = [newEmail(), newHandle()];
    const visitor = newVisitor();
    const { link } = await inviteTo(world, { tenantId, email });
    const signUp = await acceptInvitation(visitor, link);
    await finish(visitor, await proveAddress(world, visitor, signUp, email), handle);
    const scopes = ['rooms:write', 'members:write', 'guests:write'];
    const machine = await addMachine(world, { tenantIds: [tenantId], scopes });
    const token = await tokenOf(world, machine);
    const account = await cli<FoundAccount>('accounts', 'show', `@${handle}`);
    for (const [method, path, body] of [
      ['POST', '/matrix/rooms', { entityType: 'group', entitySlug: 'choir', creatorSlug: 'zoe' }],
      [
        'PUT',
        `/matrix/rooms/by-entity/group/choir/members/account:${account.id}`,
        { role: 'admin' },
      ],
      ['POST', '/guests', { email, name: 'Nora' }],
    ] as const) {
      const answer = await call(world, path, { token, method, body });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
    }
    const { memberships, invitations, guests } = await dataOf(visitor);
    assert.deepEqual(
      memberships.map(({ entitySlug, role }) => [entitySlug, role]),
      [['choir', 'admin']],
    );
    assert.equal(invitations.length, 1);
    assert.equal(invitations[0]?.email, email);
    assert.ok(invitations[0]?.usedAt);
    assert.deepEqual(
      guests.map(({ name, createdBy }) => [name, createdBy]),
      [['Nora', machine.id]],
    );
    const other = await visitAccount(world, await world.addPerson());
    const theirs = await dataOf(other.visitor);
    assert.deepEqual([theirs.memberships, theirs.invitations, theirs.guests], [[], [], []]);
  });

  test('finds in their data what became one with their account', async () => {
    const [kept, dropped] = [await world.addPerson(), await world.addPerson()];
    const { visitor } = await merge(world, kept, dropped, kept);
    const { merges } = await dataOf(visitor);
    assert.deepEqual(
      merges.map(({ otherAccountId, state }) => [otherAccountId, state]),
      [[dropped.id, 'merged']],
    );
  });

  test('is told by an invitation what the button in their Matrix app says', async () => {
    const { id, slug } = await world.addTenant();
    const textOf = async (tenantId: string) => {
      const { link } = await inviteTo(world, { tenantId });
      return (await newVisitor().open(link)).text;
    };
    const buttonOf = async (client: string) => {
      const { oidc_providers: blocks } = await cli<{ oidc_providers: { idp_name: string }[] }>(
        ...['synapse', 'config', '--client', client],
      );
      return blocks[0]?.idp_name;
    };
    const shared = await buttonOf('matrix_synapse');
    assert.match(await textOf(id), new RegExp(`button that says ${shared}`));
    const own = await world.addClient({ idpId: slug, tenantIds: [id] });
    assert.equal(await buttonOf(own.id), slug);
    assert.match(await textOf(id), new RegExp(`button that says ${slug}`));
    await world.database.query('update clients set disabled_at = now() where idp_id is not null');
    assert.doesNotMatch(await textOf(id), /button that says/);
  });
});

describe('an import that was rolled back', () => {
  const terminal = useTerminal();
  const { import: importLines, file, rollBack } = migrations(terminal);

  test('leaves no job for a room that is gone', async () => {
    const lines = 'type,slug,name,creatorSlug,roomId\nevent,x,X,ann,!x:matrix.example\n';
    const jobs = () =>
      terminal.db.query("select from graphile_worker.jobs where key like 'sync-room:%'");
    const { rollbackFile } = await importLines.call({ file }, 'entities', lines, '--apply');
    assert.ok((await jobs()).length > 0);
    await rollBack(rollbackFile, '--apply');
    assert.deepEqual(await jobs(), []);
  });
});
