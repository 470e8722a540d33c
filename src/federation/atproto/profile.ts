import type { OAuthSession } from '@atproto/oauth-client-node';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { trimUnseen } from '../../text/unseen.ts';

export type Profile = { name?: string; picture?: string };

type Repository = { fetch: typeof fetch; pds: URL; did: string };

const status = z.object({ active: z.boolean(), status: z.string().optional() });

const profile = z.object({
  value: z.object({
    displayName: z.string().max(640).optional().catch(undefined),
    avatar: z
      .object({ ref: z.object({ $link: z.string().regex(/^[a-z0-9]{8,128}$/i) }) })
      .optional()
      .catch(undefined),
  }),
});

const session = z.object({ email: z.string().max(320).optional().catch(undefined) });

/**
 * @throws AppError `bluesky_account_deactivated` where its owner can bring it back, or
 *   `bluesky_account_gone` where it is deleted, suspended or taken down
 */
export async function assertActive({ fetch, pds, did }: Repository): Promise<void> {
  const answer = await fetch(method(pds, 'com.atproto.sync.getRepoStatus', { did }));
  if (answer.status === 400) throw new AppError('bluesky_account_gone');
  // Servers that do not know this method have no accounts that rest.
  if (answer.status === 404 || answer.status === 501) return;
  const { active, status: why } = status.parse(await answer.json());
  if (active) return;
  const code = why === 'deactivated' ? 'bluesky_account_deactivated' : 'bluesky_account_gone';
  throw new AppError(code);
}

const noRecord = z.object({ error: z.literal('RecordNotFound') });

/**
 * Public, so it needs no token; a person without a profile is nothing unusual. Nothing where their
 * server does not tell: an empty picture is one that was taken away.
 */
export async function readProfile({ fetch, pds, did }: Repository): Promise<Profile> {
  try {
    const record = { repo: did, collection: 'app.bsky.actor.profile', rkey: 'self' };
    const answer = await fetch(method(pds, 'com.atproto.repo.getRecord', record));
    const said = await answer.json();
    if (noRecord.safeParse(said).success) return { picture: '' };
    const { value } = profile.parse(said);
    const cid = value.avatar?.ref.$link;
    return {
      name: trimUnseen(value.displayName ?? '') || undefined,
      picture: cid ? method(pds, 'com.atproto.sync.getBlob', { did, cid }).href : '',
    };
  } catch {
    return {};
  }
}

/** Nothing unless the person granted it. Their server may say what it likes: it proves nothing. */
export async function readEmail(upstream: OAuthSession): Promise<string | undefined> {
  try {
    const answer = await upstream.fetchHandler('/xrpc/com.atproto.server.getSession');
    return session.parse(await answer.json()).email;
  } catch {
    return undefined;
  }
}

function method(pds: URL, name: string, parameters: Record<string, string>): URL {
  const url = new URL(`/xrpc/${name}`, pds);
  url.search = new URLSearchParams(parameters).toString();
  return url;
}
