import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { FoundAccount } from '../../../src/accounts/found.ts';
import { displayName } from '../../../src/text/display-name.ts';
import { isVisible, trimUnseen } from '../../../src/text/unseen.ts';
import { Application, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { choose, newEmail, newHandle, proveAddress } from '../../pages/invitation/invitee.ts';
import { addMachine, call, tokenOf } from '../../platform/api.ts';
import { codeIn } from '../../support/mail.ts';

/** Names that nobody can see. */
const unseen = [
  '\u3164',
  '\ufffc',
  '\u{1fffe}\ue000',
  '\u2800\u2800',
  '\u115f\u1160',
  '\uffa0',
  '\u034f',
  '\u2064 \u00ad',
  '\u{e0041}',
];
/** What comes along with a copy from a page, a mail or a table. */
const pasted = (text: string) => `\u00a0\t\u200b${text}\u2060\ufeff\u3164 `;

describe('what cannot be seen', () => {
  let world: World;
  let token: string;
  let everywhere: Application;
  beforeAll(async () => {
    world = await openWorld();
    const scopes = ['guests:write', 'rooms:write', 'accounts:read', 'handles:read'];
    const machine = await addMachine(world, { tenantIds: [world.defaultTenantId], scopes });
    token = await tokenOf(world, machine);
    everywhere = await Application.of(world);
  });
  afterAll(() => world.close());

  const cli = <T>(...args: string[]) => world.service.cli<T>(...args);
  const post = (path: string, body: object) => call(world, path, { token, method: 'POST', body });

  for (const name of unseen) {
    const shown = JSON.stringify(name).replace(
      /[^\x20-\x7e]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    test(`is no name: ${shown}`, async () => {
      const answer = await newcomerCalled(name);
      assert.equal(answer.status, 422, 'a person who signs up');
      const guest = await post('/guests', { email: newEmail(), name });
      assert.equal(guest.status, 400, 'a guest');
      const room = { entityType: 'event', entitySlug: newHandle(), creatorSlug: 'ada', name };
      assert.equal((await post('/matrix/rooms', room)).status, 400, 'a room');
    });
  }

  test('is no name either where operators give it', async () => {
    const name = '\u3164\u2800';
    for (const refused of [
      ['tenants', 'add', '--slug', newHandle(), '--name', name],
      ['tenants', 'set', 'default', '--brand-name', name],
      ['accounts', 'add', '--email', newEmail(), '--name', name],
      [
        'clients',
        'add',
        '--id',
        newHandle(),
        '--name',
        name,
        '--redirect-uri',
        'https://a.example/',
      ],
    ]) {
      await assert.rejects(cli(...refused), refused.slice(0, 2).join(' '));
    }
  });

  async function newcomerCalled(name: string) {
    const visitor = newVisitor();
    const signUp = await visitor.open((await everywhere.request({ prompt: 'create' })).url);
    const profile = await proveAddress(world, visitor, signUp, newEmail());
    return visitor.submit(profile, { name, handle: newHandle() });
  }

  test('is taken out of a name that has more, but for what joins scripts and emoji', () => {
    const names: Record<string, string> = {
      'Ada\u3164\u3164': 'Ada',
      '\u2800Ada \u200bLovelace\u2800': 'Ada Lovelace',
      'A\u00add\u{e0041}a': 'Ada',
      'نیمه\u200cشب': 'نیمه\u200cشب',
      '👩\u200d💻 ❤\ufe0f': '👩\u200d💻 ❤\ufe0f',
    };
    for (const [typed, shown] of Object.entries(names)) assert.equal(displayName(typed), shown);
  });

  test('is everything that Unicode lets a font ignore', () => {
    let checked = 0;
    for (let point = 0; point <= 0x10ffff; point++) {
      const sign = String.fromCodePoint(point);
      if (!/\p{Default_Ignorable_Code_Point}/u.test(sign)) continue;
      checked++;
      assert.equal(isVisible(sign), false, point.toString(16));
      assert.equal(displayName(sign.repeat(3)), '', point.toString(16));
      assert.equal(trimUnseen(`${sign}a${sign}`), 'a', point.toString(16));
    }
    assert.ok(checked > 4000);
  });

  test('is forgiven around addresses, handles and codes, wherever they are pasted', async () => {
    const [email, handle] = [newEmail(), newHandle()];
    const visitor = newVisitor();
    const signUp = await visitor.open((await everywhere.request({ prompt: 'create' })).url);
    const code = await visitor.submit(signUp, { email: pasted(email) });
    const mail = await world.service.mailbox.waitForMail(email);
    const profile = await visitor.submit(code, { code: pasted(codeIn(mail)) });
    const password = await choose(visitor, profile, pasted(`@${handle}`));
    await visitor.submit(password, { password: 'violet-kettle-47' });

    for (const typed of [email, handle, `@${handle}`]) {
      const returning = newVisitor();
      const page = await returning.open((await everywhere.request()).url);
      const end = await enterPassword(returning, page, {
        email: pasted(typed),
        password: 'violet-kettle-47',
      });
      assert.equal(end.status, 0, typed);
    }
    const [guest, invited, added] = [newEmail(), newEmail(), newEmail()];
    const made = await post('/guests', { email: pasted(guest), name: pasted('Gus') });
    assert.deepEqual([made.body.email, made.body.name], [guest, 'Gus']);
    const invitation = ['invitations', 'add', '--email', pasted(invited), '--handle', newHandle()];
    assert.equal((await cli<{ email: string }>(...invitation)).email, invited);
    const account = await cli<FoundAccount>(
      ...['accounts', 'add', '--email', pasted(added), '--name', pasted('Ann')],
    );
    assert.deepEqual([account.email, account.name], [added, 'Ann']);
    const found = await cli<FoundAccount>('accounts', 'show', pasted(`@${handle}`));
    assert.equal(found.handle, handle);
    const free = await call(world, `/handles/${encodeURIComponent(pasted('free.one'))}`, { token });
    assert.deepEqual([free.body.handle, free.body.available], ['free.one', true]);
  });
});
