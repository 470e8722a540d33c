import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { useGoogle } from '../../federation/google-world.ts';
import { atWorkspace, stranger } from '../../federation/person.ts';
import { newVisitor } from '../../oidc/application.ts';
import { codeIn } from '../../support/mail.ts';

const { choose, redeem, throughGoogle, world } = useGoogle();

/** An account at Google that was once made with an address of another mail service. */
const elsewhere = () => stranger({ email: `g${stranger().sub}@mail.example` });

const identitiesOf = (id: string) =>
  world().database.query('select from identities where account_id = $1', [id]);

describe('an address of another mail service, which Google once saw a proof of', () => {
  test('is proved by a code of ours before it counts', async () => {
    const person = elsewhere();
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, person);
    assert.equal(page.heading, 'Your email address');
    assert.equal(page.value('email'), person.email);
    const asked = await visitor.submit(page, {}, { button: 'Send code' });
    const code = codeIn(await world().service.mailbox.waitForMail(person.email));
    const profile = await visitor.submit(asked, { code });
    const claims = (await redeem(attempt, await choose(visitor, profile, 'by.code'))).claims();
    assert.deepEqual([claims?.email, claims?.email_verified], [person.email, true]);
  });

  test('neither offers nor makes a link to its owner’s account without that code', async () => {
    const owner = await world().addPerson();
    const visitor = newVisitor();
    const { page } = await throughGoogle(visitor, stranger({ email: owner.email }));
    assert.equal(page.heading, 'Your email address');
    const asked = await visitor.submit(page, {}, { button: 'Send code' });
    assert.equal((await identitiesOf(owner.id)).length, 0);
    const code = codeIn(await world().service.mailbox.waitForMail(owner.email));
    assert.match((await visitor.submit(asked, { code })).heading, /Connect Google/);
    assert.equal((await identitiesOf(owner.id)).length, 0);
  });

  test('does not move an account that Google made to it', async () => {
    const person = stranger();
    const visitor = newVisitor();
    const first = await throughGoogle(visitor, person);
    await redeem(first.attempt, await choose(visitor, first.page, 'stays.at.gmail'));
    const moved = { ...person, email: elsewhere().email };
    const { attempt, page } = await throughGoogle(newVisitor(), moved);
    assert.equal((await redeem(attempt, page)).claims()?.email, person.email);
  });
});

test('an address at Gmail, or of a Workspace, counts by Google’s word', async () => {
  const workspace = stranger(atWorkspace(elsewhere().email));
  for (const person of [
    stranger(),
    stranger({ email: `G${stranger().sub}@GMAIL.com` }),
    workspace,
  ]) {
    const { page } = await throughGoogle(newVisitor(), person);
    assert.match(page.url.pathname, /\/profile$/, person.email);
  }
});

test('an address that only looks like one at Gmail does not', async () => {
  const { sub } = stranger();
  for (const domain of ['gmail.com.evil.example', 'notgmail.com', 'googlemail.com']) {
    const { page } = await throughGoogle(newVisitor(), stranger({ email: `g${sub}@${domain}` }));
    assert.equal(page.heading, 'Your email address', domain);
  }
  const empty = stranger({ email: `g${sub}@mail.example`, hd: '' });
  assert.equal((await throughGoogle(newVisitor(), empty)).page.heading, 'Your email address');
  const unproved = stranger({ email_verified: false, hd: 'gmail.com' });
  assert.equal((await throughGoogle(newVisitor(), unproved)).page.heading, 'Your email address');
});
