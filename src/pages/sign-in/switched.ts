import { authorizationUrl } from '../../oidc/authorization-url.ts';
import { currentSessionId } from '../../oidc/parked-sessions.ts';
import type { Subject } from '../../oidc/subjects.store.ts';
import type { Step } from './step.ts';

/**
 * Whether this page belongs to a session that the browser has left since: in another tab somebody
 * else signed in, or everybody signed out. What is pressed here is not theirs to decide.
 */
export async function isSwitched(step: Step): Promise<boolean> {
  const { session } = step.details;
  return session?.accountId !== undefined && session.uid !== (await currentSession(step))?.uid;
}

/** Says who is signed in now, and asks the application's question anew for them. */
export async function showSwitched(step: Step<'subjects'>): Promise<void> {
  const subject = await currentSubject(step);
  step.show(
    'switched',
    {
      account: subject && {
        name: subject.name,
        handle: subject.handle ?? '',
        picture: subject.picture ?? undefined,
      },
      continueUrl: authorizationUrl(step.details.params),
      chooserUrl: subject && step.url('accounts'),
    },
    409,
  );
}

async function currentSession({ ctx, parts }: Step) {
  const id = currentSessionId(ctx, parts);
  return id ? parts.current.provider.Session.find(id) : undefined;
}

async function currentSubject(step: Step<'subjects'>): Promise<Subject | undefined> {
  const session = await currentSession(step);
  return session?.accountId ? step.parts.subjects.find(session.accountId) : undefined;
}
