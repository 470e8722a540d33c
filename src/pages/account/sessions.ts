import { z } from 'zod';
import { readForm, validate } from '../../http/forms.ts';
import { endSession, signOutEverywhere } from '../../oidc/sessions.ts';
import { sessionsOf } from './overview.store.ts';
import type { Visit } from './visit.ts';

const form = z.object({ session: z.string().max(100).default('') });

/** Signs another browser out, and the Matrix devices that it signed in with it. */
export async function endOneSession(visit: Visit): Promise<void> {
  const { account, parts } = visit;
  const { session: uid } = validate(form, await readForm(visit.ctx));
  await parts.database.transaction(async (tx) => {
    const mine = (await sessionsOf(tx, account.id)).some((session) => session.uid === uid);
    if (!mine) return;
    await endSession(tx, { uid, accountId: account.id });
    await visit.record(tx, 'session.ended');
  });
  return visit.done('session_ended');
}

export async function endOtherSessions(visit: Visit): Promise<void> {
  const { account, parts, session } = visit;
  await readForm(visit.ctx);
  await parts.database.transaction(async (tx) => {
    await signOutEverywhere(tx, account.id, { sessionUid: session.uid });
    await visit.record(tx, 'session.others_ended');
  });
  return visit.done('all_sessions_ended');
}
