import type { Account, KoaContextWithOIDC } from 'oidc-provider';
import { type ClientDirectory, serves } from '../clients/directory.ts';
import type { Database } from '../database/database.ts';
import { remember, remembered } from '../http/request-cache.ts';
import { claimsOfScopes } from './claims.ts';
import { findSubject, type Subject } from './subjects.store.ts';

export type Subjects = {
  find(accountId: string): Promise<Subject | undefined>;
};

/** Active accounts of active tenants, read at most once a request. */
export function subjectsOf(database: Database): Subjects {
  return {
    async find(accountId) {
      const known = remembered<Subject | null>('Subject', accountId);
      if (known !== undefined) return known ?? undefined;
      const subject = await findSubject(database, accountId);
      remember('Subject', accountId, subject);
      return subject ?? undefined;
    },
  };
}

/**
 * `findAccount` of the library: nothing for an account that is gone or disabled, whose tenant is
 * suspended, or whose tenant this client does not serve. Of the claims of the client's scopes the
 * library picks those that were granted.
 */
export function createFindAccount(subjects: Subjects, clients: ClientDirectory, publicUrl: string) {
  return async (ctx: KoaContextWithOIDC, accountId: string): Promise<Account | undefined> => {
    const subject = await subjects.find(accountId);
    const clientId = ctx.oidc.client?.clientId;
    const client = clientId ? await clients.find(clientId) : undefined;
    if (!subject || (client && !serves(client, subject.tenantId))) return undefined;
    const claims = limitedTo(claimsOfScopes(client?.scopes ?? []), claimsOf(subject, publicUrl));
    return { accountId, claims: async () => claims };
  };
}

/** Every claim we know of somebody. */
function claimsOf(subject: Subject, publicUrl: string) {
  return withoutEmpty({
    sub: subject.id,
    name: subject.name,
    picture: subject.picture,
    locale: subject.locale,
    updated_at: Number(subject.updatedAt),
    preferred_username: subject.handle,
    matrix_handle: subject.handle,
    email: subject.email,
    email_verified: subject.email === null ? null : subject.emailVerified,
    tenant_id: subject.tenantId,
    tenant_domain: subject.tenantDomain ?? new URL(publicUrl).hostname,
    roles: subject.roles,
    groups: subject.groups,
  });
}

function limitedTo(names: ReadonlySet<string>, claims: ReturnType<typeof claimsOf>) {
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => name === 'sub' || names.has(name)),
  ) as typeof claims;
}

function withoutEmpty<T extends Record<string, unknown>>(claims: T) {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null)) as {
    sub: string;
  } & Record<string, string | number | boolean | string[]>;
}
