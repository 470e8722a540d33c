import { randomUUID } from 'node:crypto';
import { queueAccessOfTenant } from '../accounts/matrix-profile.store.ts';
import { record } from '../audit/events.ts';
import type { Cli } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { handleEntry } from '../handles/entry.store.ts';
import { lockHandleKeys } from '../handles/handles.store.ts';
import { availableLanguages } from '../http/messages.ts';
import { isDisplayName } from '../text/display-name.ts';
import { trimUnseen } from '../text/unseen.ts';
import { type BrandingOptions, brandingFrom, termsFrom } from './brand-settings.ts';
import type { Branding } from './branding.ts';
import { type FoundTenant, requireTenant } from './find.ts';
import type { SignUpPolicy, Tenant } from './tenant.entity.ts';
import { replaceDomains, replaceEmailDomains, saveTenant, tenantByName } from './tenants.store.ts';
import { checkWays } from './ways.ts';

export type TenantOptions = BrandingOptions & {
  name?: string;
  domain?: string[];
  emailDomain?: string[];
  signUp?: SignUpPolicy;
  signUpDomain?: string[];
  signUpApproval?: 'on' | 'off';
  offered?: boolean;
  language?: string[];
  way?: string[];
  allWays?: boolean;
  emailRequired?: boolean;
};

export type AddOptions = TenantOptions & { slug: string; name: string };

type Settings = Pick<
  Tenant,
  | 'name'
  | 'signUp'
  | 'signUpDomains'
  | 'signUpApproval'
  | 'offered'
  | 'languages'
  | 'ways'
  | 'emailRequired'
> & {
  branding: Branding;
  terms: Tenant['terms'];
};

const fresh: Omit<Settings, 'name'> = {
  signUp: 'open',
  signUpDomains: [],
  signUpApproval: false,
  offered: false,
  languages: [],
  ways: null,
  emailRequired: false,
  branding: {},
  terms: null,
};

/**
 * @throws AppError `slug_invalid`, `slug_taken` (409), and what `change` throws
 */
export async function add({ database }: Cli, options: AddOptions): Promise<FoundTenant> {
  const { slug } = options;
  // Short enough that it can never look like a tenant's id.
  if (!/^(?=.{2,30}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(slug)) {
    throw new AppError('slug_invalid', {
      message: `"${slug}" is no slug: 2 to 30 small letters, digits and single hyphens, a letter first.`,
    });
  }
  const id = randomUUID();
  const settings = settingsFrom(options, { ...fresh, name: options.name });
  return database.transaction(async (tx) => {
    await assertFree(tx, slug);
    await checkWays(tx, options.way ?? [], { id, ways: null });
    await saveTenant(tx, { id, slug, ...settings });
    await replaceDomainsOf(tx, id, options);
    await record(tx, { action: 'tenant.created', actor: 'operator', tenantId: id, target: id });
    return requireTenant(tx, id);
  });
}

/**
 * @throws AppError `tenant_not_found` (404), `domain_taken` (409), `branding_invalid`,
 *   `name_invalid`, `language_unknown`, `sign_up_domains_missing`, `way_unknown`
 */
export async function change(
  { database }: Cli,
  name: string,
  options: TenantOptions,
): Promise<FoundTenant> {
  return database.transaction(async (tx) => {
    const { id, ...tenant } = await requireTenant(tx, name);
    await checkWays(tx, options.way ?? [], { id, ways: tenant.ways });
    await saveTenant(tx, { id, ...settingsFrom(options, tenant), updatedAt: new Date() });
    await replaceDomainsOf(tx, id, options);
    await record(tx, {
      action: 'tenant.changed',
      actor: 'operator',
      tenantId: id,
      target: id,
      detail: { changed: changedBy(options) },
    });
    return requireTenant(tx, id);
  });
}

/** @throws AppError `tenant_not_found` (404) */
export async function setStatus(
  { database }: Cli,
  name: string,
  status: Tenant['status'],
): Promise<FoundTenant> {
  return database.transaction(async (tx) => {
    const { id, status: before } = await requireTenant(tx, name);
    if (before !== status) {
      await saveTenant(tx, { id, status });
      await queueAccessOfTenant(tx, id);
      const action = status === 'active' ? 'tenant.resumed' : 'tenant.suspended';
      await record(tx, { action, actor: 'operator', tenantId: id, target: id });
    }
    return requireTenant(tx, id);
  });
}

/** A slug and a handle are never the same, so that nobody can be called like a community. */
async function assertFree(tx: Transaction, slug: string): Promise<void> {
  await lockHandleKeys(tx, [slug]);
  const taken = (message: string) => new AppError('slug_taken', { message });
  if (await tenantByName(tx, slug)) throw taken(`There is a tenant ${slug} already.`);
  if (await handleEntry(tx, slug)) throw taken(`${slug} is, or was, the handle of a person.`);
}

function settingsFrom(options: TenantOptions, before: Settings): Settings {
  const branding = brandingFrom(options, before);
  const settings = {
    name: nameFrom(options.name ?? before.name),
    signUp: options.signUp ?? before.signUp,
    signUpDomains: options.signUpDomain ?? before.signUpDomains,
    signUpApproval: options.signUpApproval
      ? options.signUpApproval === 'on'
      : before.signUpApproval,
    offered: options.offered ?? before.offered,
    languages: options.language ?? before.languages,
    ways: options.allWays ? null : (options.way ?? before.ways),
    emailRequired: options.emailRequired ?? before.emailRequired,
    branding,
    terms: termsFrom(options, before),
  };
  if (settings.signUp === 'domains' && settings.signUpDomains.length === 0) {
    throw new AppError('sign_up_domains_missing', {
      message: 'With --sign-up domains, name at least one --sign-up-domain.',
    });
  }
  const unknown = settings.languages.find((language) => !availableLanguages.includes(language));
  if (unknown) {
    throw new AppError('language_unknown', {
      message: `There are no pages in "${unknown}", only in ${availableLanguages.join(', ')}.`,
    });
  }
  return settings;
}

function nameFrom(typed: string): string {
  const name = trimUnseen(typed);
  if (isDisplayName(name, 60)) return name;
  throw new AppError('name_invalid', {
    message: 'A name has 1 to 60 characters, all of which can be seen.',
  });
}

async function replaceDomainsOf(tx: Transaction, id: string, options: TenantOptions) {
  const taken = [
    ...(options.domain ? await replaceDomains(tx, id, options.domain) : []),
    ...(options.emailDomain ? await replaceEmailDomains(tx, id, options.emailDomain) : []),
  ];
  if (taken.length > 0) {
    throw new AppError('domain_taken', { message: `Another tenant has ${taken.join(' and ')}.` });
  }
}

/** Names of what was given, for the audit; never the values. */
function changedBy(options: TenantOptions): string {
  return Object.keys(options)
    .filter((name) => name !== 'json')
    .sort()
    .join(' ');
}
