import { randomUUID } from 'node:crypto';
import { record } from '../audit/events.ts';
import { type Authority, requireAll, requireChange } from '../authority/authority.ts';
import { type Database, inTransaction, type Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { handleEntry } from '../handles/entry.store.ts';
import { lockHandleKeys } from '../handles/handles.store.ts';
import { type FoundTenant, tenantWithin } from './find.ts';
import { type TenantSettings, usualSettings, withSettings } from './settings.ts';
import type { Tenant } from './tenant.entity.ts';
import {
  lockDomains,
  lockTenant,
  queueMatrixAccessOf,
  replaceDomains,
  replaceEmailDomains,
  saveTenant,
  tenantByName,
} from './tenants.store.ts';
import { checkWays } from './ways.ts';

/**
 * @returns its id
 * @throws AppError `slug_invalid`, `slug_taken` (409), and what changing one throws
 */
export async function addTenant(
  database: Database,
  authority: Authority,
  wanted: TenantSettings & { slug: string; name: string },
): Promise<string> {
  requireChange(authority);
  requireAll(authority);
  const { slug } = wanted;
  // Short enough that it can never look like a tenant's id.
  if (!/^(?=.{2,30}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(slug)) {
    throw new AppError('slug_invalid', {
      message: `"${slug}" is no slug: 2 to 30 small letters, digits and single hyphens, a letter first.`,
    });
  }
  const id = randomUUID();
  const settings = withSettings({ ...usualSettings, name: wanted.name }, wanted);
  await database.transaction(async (tx) => {
    await assertFree(tx, slug);
    await checkWays(tx, wanted.ways ?? [], { id, ways: null });
    await saveTenant(tx, { id, slug, ...settings });
    await replaceDomainsOf(tx, id, wanted);
    const { actor } = authority;
    await record(tx, { action: 'tenant.created', actor, tenantId: id, target: id });
  });
  return id;
}

/** What reaches beyond the tenant: whose addresses and hosts are its, and whether all see it. */
const beyondTenant = ['domains', 'emailDomains', 'offered'] as const;

type Expectation = (tenant: FoundTenant) => void;

/**
 * Changes what is said.
 *
 * @param name slug, domain or id
 * @param expect looks at the tenant as it is under its lock
 * @throws AppError `tenant_not_found` (404), `domain_taken` (409), `branding_invalid`, `terms_invalid`,
 *   `name_invalid`, `language_unknown`, `sign_up_domains_missing`, `way_unknown`
 */
export async function changeTenant(
  db: Database | Transaction,
  authority: Authority,
  name: string,
  settings: TenantSettings,
  expect?: Expectation,
): Promise<void> {
  requireChange(authority);
  if (beyondTenant.some((field) => settings[field] !== undefined)) requireAll(authority);
  await inTransaction(db, async (tx) => {
    const { id } = await tenantWithin(tx, authority, name);
    await lockTenant(tx, id);
    const tenant = await tenantWithin(tx, authority, id);
    expect?.(tenant);
    await checkWays(tx, settings.ways ?? [], tenant);
    await saveTenant(tx, { id, ...withSettings(tenant, settings), updatedAt: new Date() });
    await replaceDomainsOf(tx, id, settings);
    await record(tx, {
      action: 'tenant.changed',
      ...{ actor: authority.actor, tenantId: id, target: id },
      detail: { changed: saidBy(settings) },
    });
  });
}

/**
 * Lets nobody sign in to a tenant, or ends that.
 *
 * @throws AppError `tenant_not_found` (404)
 */
export async function setTenantStatus(
  db: Database | Transaction,
  authority: Authority,
  name: string,
  status: Tenant['status'],
  expect?: Expectation,
): Promise<void> {
  requireChange(authority);
  requireAll(authority);
  await inTransaction(db, async (tx) => {
    const { id } = await tenantWithin(tx, authority, name);
    const { status: before } = await lockTenant(tx, id);
    expect?.(await tenantWithin(tx, authority, id));
    if (before === status) return;
    await saveTenant(tx, { id, status });
    await queueMatrixAccessOf(tx, id);
    const action = status === 'active' ? 'tenant.resumed' : 'tenant.suspended';
    await record(tx, { action, actor: authority.actor, tenantId: id, target: id });
  });
}

/** A slug and a handle are never the same, so that nobody can be called like a community. */
async function assertFree(tx: Transaction, slug: string): Promise<void> {
  await lockHandleKeys(tx, [slug]);
  const taken = (message: string) => new AppError('slug_taken', { message });
  if (await tenantByName(tx, slug)) throw taken(`There is a tenant ${slug} already.`);
  if (await handleEntry(tx, slug)) throw taken(`${slug} is, or was, the handle of a person.`);
}

async function replaceDomainsOf(tx: Transaction, id: string, settings: TenantSettings) {
  const { domains, emailDomains } = settings;
  if (domains || emailDomains) await lockDomains(tx);
  const taken = [
    ...(domains ? await replaceDomains(tx, id, domains) : []),
    ...(emailDomains ? await replaceEmailDomains(tx, id, emailDomains) : []),
  ];
  if (taken.length > 0) {
    throw new AppError('domain_taken', { message: `Another tenant has ${taken.join(' and ')}.` });
  }
}

/** Names of what was said, for the audit; never the values. */
function saidBy(settings: TenantSettings): string {
  return Object.entries(settings)
    .flatMap(([name, value]) => (value === undefined ? [] : name))
    .sort()
    .join(' ');
}
