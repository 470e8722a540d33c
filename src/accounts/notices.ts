import type { Mail, MailFrame } from '../../views/mail-registry.ts';
import type { Queryable } from '../database/database.ts';
import { requestContext } from '../http/request-context.ts';
import type { QueueMail } from '../mail/queue.ts';
import { tenantById } from '../tenants/tenants.store.ts';
import type { Account } from './account.ts';

/** What changed of what an account can prove, or was used of it for good. */
export type FactorChange =
  | 'totp_added'
  | 'totp_removed'
  | 'recovery_codes_made'
  | 'recovery_code_used'
  | 'passkey_added'
  | 'passkey_removed'
  | 'factors_reset'
  | 'factors_given_up';

export type Notice =
  | { template: 'password-changed' | 'account-deleted' | 'new-sign-in' }
  /** A way to sign in with another provider, by the name on its button. */
  | { template: 'identity-added' | 'identity-removed'; provider: string }
  /** Handles, each with its `@`. */
  | { template: 'accounts-merged'; kept: string; dropped: string }
  /** `email` is the new address, masked. */
  | { template: 'email-changed'; email: string }
  /** `due`: when the second step ends, unless somebody says no. */
  | { template: 'factors-lost'; due: string }
  /** `left`: of the recovery codes, where one was used. */
  | { template: 'factors-changed'; change: FactorChange; left?: number };

/**
 * Tells a person by mail what was just done to the account, in its community's name and with where
 * it came from. Says nothing to accounts without an address.
 */
export async function notify(
  tx: Queryable,
  { email: to, tenantId, locale }: Pick<Account, 'email' | 'tenantId' | 'locale'>,
  notice: Notice,
  { queueMail, accountUrl }: { queueMail: QueueMail; accountUrl?: string },
): Promise<void> {
  if (!to) return;
  const tenant = await tenantById(tx, tenantId);
  const request = requestContext();
  const frame = {
    brand: {
      name: tenant?.branding.name ?? tenant?.name ?? '',
      accent: tenant?.branding.accent,
      url: tenant?.branding.links?.home,
    },
    userAgent: request?.userAgent.slice(0, 300),
    address: request?.address,
    at: new Date().toISOString(),
  };
  await queueMail(tx, {
    ...mailOf(notice, frame, accountUrl),
    tenantId,
    to,
    locale: locale ?? tenant?.languages[0] ?? 'en',
  });
}

function mailOf(notice: Notice, frame: MailFrame, link?: string): Mail {
  const params = { ...frame, link };
  switch (notice.template) {
    case 'account-deleted':
      return { template: notice.template, params: frame };
    case 'email-changed':
      return { template: notice.template, params: { ...params, email: notice.email } };
    case 'accounts-merged': {
      const { template, kept, dropped } = notice;
      return { template, params: { ...params, kept, dropped } };
    }
    case 'factors-lost':
      return { template: notice.template, params: { ...params, due: notice.due } };
    case 'factors-changed':
      return {
        template: notice.template,
        params: { ...params, change: notice.change, left: notice.left },
      };
    case 'identity-added':
    case 'identity-removed':
      return { template: notice.template, params: { ...params, provider: notice.provider } };
    default:
      return { template: notice.template, params };
  }
}
