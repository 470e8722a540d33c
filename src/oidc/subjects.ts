import type { Account, KoaContextWithOIDC } from 'oidc-provider';
import type { Database } from '../database/database.ts';
import { findSubject, type Subject } from './artifacts.store.ts';
import { type ClientDirectory, serves } from './clients.ts';
import { remember, remembered } from './memory.ts';

export type Subjects = {
  find(accountId: string): Promise<Subject | undefined>;
};

/** Active accounts of active tenants, read at most once a request. */
export function subjectsOf(database: Database): Subjects {
  return {
    async find(accountId) {
      const known = remembered<Subject | null>('Subject', accountId);
      if (known !== undefined) return known ?? undefined;
      const row = await findSubject(database, accountId);
      remember('Subject', accountId, row?.subject ?? null);
      return row?.subject ?? undefined;
    },
  };
}

/**
 * `findAccount` of the library: nothing for an account that is gone or disabled, whose tenant is
 * suspended, or whose tenant this client does not serve.
 */
export function createFindAccount(subjects: Subjects, clients: ClientDirectory, publicUrl: string) {
  return async (ctx: KoaContextWithOIDC, accountId: string): Promise<Account | undefined> => {
    const subject = await subjects.find(accountId);
    const clientId = ctx.oidc.client?.clientId;
    const client = clientId ? await clients.find(clientId) : undefined;
    if (!subject || (client && !serves(client, subject.tenantId))) return undefined;
    return { accountId, claims: async () => claimsOf(subject, publicUrl) };
  };
}

/** Every claim we know; the library picks those of the granted scopes. */
export function claimsOf(subject: Subject, publicUrl: string) {
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

/** The claims of each scope (OIDC Core 5.4, and `tenant` for what Synapse needs of ours). */
export const claimsByScope = {
  openid: ['sub'],
  profile: [
    'name',
    'picture',
    'locale',
    'updated_at',
    'preferred_username',
    'matrix_handle',
    'roles',
    'groups',
  ],
  email: ['email', 'email_verified'],
  tenant: ['tenant_id', 'tenant_domain'],
};

function withoutEmpty<T extends Record<string, unknown>>(claims: T) {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null)) as {
    sub: string;
  } & Record<string, string | number | boolean | string[]>;
}
