import { z } from 'zod';
import { readForm, validate } from '../../http/forms.ts';
import { removeGrant } from '../../oidc/artifacts.store.ts';
import { signOutAt } from '../../oidc/sessions.ts';
import { grantsOf } from './overview.store.ts';
import type { Visit } from './visit.ts';

const form = z.object({ client: z.string().max(200).default('') });

/** Takes back what an application was allowed: its tokens end, and it is told to sign out. */
export async function revokeApplication(visit: Visit): Promise<void> {
  const { account, parts } = visit;
  const { client: clientId } = validate(form, await readForm(visit.ctx));
  const connection = { accountId: account.id, clientId };
  await parts.database.transaction(async (tx) => {
    const grants = await grantsOf(tx, connection);
    if (grants.length === 0) return;
    for (const grant of grants) await removeGrant(tx, grant);
    await signOutAt(tx, connection);
    await visit.record(tx, 'consent.revoked', { clientId });
  });
  return visit.done('application_revoked');
}
