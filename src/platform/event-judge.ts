import { z } from 'zod';
import { printable } from '../api/route.ts';
import type { Client } from '../clients/clients.store.ts';
import type { Queryable } from '../database/database.ts';
import { accountIn } from '../entities/desired-state.ts';
import { type EntityKey, entityByKey } from '../entities/entities.store.ts';
import { type EventStatement, eventTypes, readEvent } from '../entities/event-statements.ts';
import { type Instant, instantOf } from '../entities/instant.ts';
import { notAfter } from '../entities/order.ts';
import { AppError } from '../errors.ts';
import { validate } from '../http/forms.ts';
import { accountIdBy } from './accounts.store.ts';
import { memberOf, userSlug, userTenantId } from './member-record.ts';
import { avatarUrl, name, topic } from './rooms.ts';
import { pathSlug } from './route.ts';
import { type TenantNames, tenantOfRequest } from './tenant.ts';

/** The last moment that every part of us can write down. */
const lastMoment = Date.UTC(9999, 11, 31);

export const event = z
  .object({
    id: printable.describe('Of your own: the same event sent again does nothing.'),
    type: printable.describe(`One of ${eventTypes.join(', ')}.`),
    occurredAt: z.iso
      .datetime({ offset: true })
      .refine((text) => Date.parse(text) >= 0 && Date.parse(text) < lastMoment, {
        message: 'must be a time between 1970 and 9999',
      })
      .describe('With a zone. A time in the future counts as now.'),
    sequence: z
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .nullable()
      .optional()
      .describe('Your own count, where you keep one: says more than the time.'),
    tenantId: z.uuid().optional(),
    entityType: printable
      .optional()
      .describe('event, group, workspace or organization; for a role over more: tenant, platform.'),
    entitySlug: pathSlug.optional(),
    userSlug: userSlug.optional(),
    userTenantId,
    oldRole: printable.nullable().optional().describe('Not looked at.'),
    newRole: printable.nullable().optional().describe('Null for a role that was taken away.'),
    creatorSlug: userSlug.optional(),
    name: name.nullable().optional(),
    topic: topic.nullable().optional(),
    avatarUrl: avatarUrl.nullable().optional(),
  })
  .meta({ id: 'Event' });

/** An event that may be told, with all that it names found. */
export type Judged = {
  id: string;
  tenantId: string;
  entitySlug: string;
  userTenantId: string;
  reading: EventStatement;
};

/** Decides of each event whether its client may say so, before anything is locked. */
export class EventJudge {
  readonly #db: Queryable;
  readonly #client: Client;
  readonly #named: TenantNames;
  readonly #tenants = new Map<string | undefined, Promise<string>>();

  constructor(db: Queryable, client: Client, named: TenantNames) {
    this.#db = db;
    this.#client = client;
    this.#named = named;
  }

  /**
   * @throws AppError for what cannot be understood (`input_invalid`, `event_type_unknown`,
   *   `entity_type_conflict`, `field_missing`, `role_unknown`), for tenants and people that the client
   *   cannot name, and `platform_role_forbidden`, `cross_tenant_off`
   */
  async judge(given: unknown, now: Instant): Promise<Judged> {
    const { id, occurredAt, sequence = null, ...rest } = validate(event, given);
    const tenantId = await this.#tenantOf(rest.tenantId);
    const stamp = { sequence, occurredAt: notAfter(now, instantOf(occurredAt)), eventId: id };
    const reading = readEvent({ ...rest, stamp });
    if (!('about' in reading)) throw new AppError(reading.code, { message: reading.message });
    const { entitySlug = '', userTenantId = tenantId } = rest;
    const judged = { id, tenantId, entitySlug, userTenantId, reading };
    if (reading.about === 'administrator') await this.#checkAdministrator(tenantId, reading);
    else await this.#checkPerson(judged, reading);
    return judged;
  }

  #tenantOf(tenantId: string | undefined): Promise<string> {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const found = tenantOfRequest(this.#db, this.#client, [...this.#named, tenantId]);
    this.#tenants.set(tenantId, found);
    return found;
  }

  /** What is said of a slug goes to whoever has it: over everything, only an account is trusted. */
  async #checkAdministrator(
    tenantId: string,
    { over, userSlug }: Extract<EventStatement, { about: 'administrator' }>,
  ): Promise<void> {
    await memberOf(this.#db, this.#client, tenantId, { userSlug });
    if (over === 'tenant') return;
    if (!this.#client.allTenants) {
      throw new AppError('platform_role_forbidden', {
        message: 'Only a client of all tenants may say who administers the platform.',
      });
    }
    const known =
      accountIn(userSlug) ?? (await accountIdBy(this.#db, tenantId, 'platformSlug', userSlug));
    if (!known) throw new AppError('account_not_found');
  }

  async #checkPerson(
    { tenantId, userTenantId, entitySlug }: Judged,
    reading: Exclude<EventStatement, { about: 'administrator' }>,
  ): Promise<void> {
    const said = reading.about === 'member' ? reading.member : reading.creator;
    if (!said) return;
    await memberOf(this.#db, this.#client, tenantId, { ...said, userTenantId });
    if (userTenantId === tenantId) return;
    const entity: EntityKey = { tenantId, entityType: reading.entityType, entitySlug };
    const room = await entityByKey(this.#db, entity);
    if (!room?.crossTenant) throw new AppError('cross_tenant_off');
  }
}
