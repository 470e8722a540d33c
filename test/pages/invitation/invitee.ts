import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { parseEmail } from '../../../src/accounts/email-address.ts';
import { type InvitationOrder, invite } from '../../../src/admission/invitations.ts';
import type { World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';
import type { Page } from '../../support/page.ts';
import type { Service } from '../../support/service.ts';

type Order = Partial<Omit<InvitationOrder, 'address'>> & { tenantId: string; email?: string };

/** As `invitations add` makes one; for one account and a week unless told otherwise. */
export async function inviteTo<S extends Service>(
  world: World<S>,
  { email, ...order }: Order,
): Promise<{ id: string; link: string }> {
  const address = email === undefined ? undefined : parseEmail(email);
  const { invitation, token } = await world.database.transaction((tx) =>
    invite(tx, world.fingerprints, {
      ...{ uses: 1, seconds: 7 * 24 * 3600, actor: 'operator', address },
      ...order,
    }),
  );
  return { id: invitation.id, link: `${world.url}/invitation?token=${token}` };
}

/** Opens the link and presses its button. */
export async function acceptInvitation(visitor: Visitor, link: string): Promise<Page> {
  const page = await visitor.open(link);
  assert.equal(page.status, 200, page.text);
  return visitor.submit(page, {}, { button: 'Accept the invitation' });
}

/** From the page that asks for an address to the one that follows the code. */
export async function proveAddress<S extends Service>(
  world: World<S>,
  visitor: Visitor,
  signUp: Page,
  email: string,
): Promise<Page> {
  const code = await visitor.submit(signUp, { email });
  assert.equal(code.status, 200, code.text);
  const mail = await world.service.mailbox.waitForMail(email, { subject: /code/, timeout: 30_000 });
  return visitor.submit(code, { code: codeIn(mail) });
}

/** From the choice of a handle to the account page. */
export async function finish(visitor: Visitor, profile: Page, handle: string): Promise<Page> {
  const password = await choose(visitor, profile, handle);
  assert.equal(password.status, 200, password.text);
  return visitor.submit(password, {}, { button: /Skip/ });
}

export function choose(visitor: Visitor, profile: Page, handle: string): Promise<Page> {
  return visitor.submit(profile, { name: 'Nora New', handle }, { button: 'Continue' });
}

export const newHandle = () => `n${randomBytes(5).toString('hex')}`;
export const newEmail = () => `${newHandle()}@mail.example`;

/** What became of an invitation. */
export async function leftOf<S extends Service>(world: World<S>, id: string) {
  const [row] = await world.database.query<{ left: number; used: number }>(
    `select uses_left as left, (select count(*)::int from invitation_uses
      where invitation_id = id) as used from invitations where id = $1`,
    [id],
  );
  return row;
}

export async function accountsOf<S extends Service>(world: World<S>, tenantId: string) {
  const rows = await world.database.query<{ email: string }>(
    'select email from accounts where tenant_id = $1 order by email',
    [tenantId],
  );
  return rows.map(({ email }) => email);
}
