import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';

/** Somebody whom a platform knows by name and address only. */
export type Guest = {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  readonly name: string;
  readonly platformUserId: string | null;
  readonly platformSlug: string | null;
  /** The client that made the guest. */
  readonly createdBy: string;
  readonly createdAt: Date;
};

export type PlatformNames = Pick<Guest, 'platformUserId' | 'platformSlug'>;

const columns = `id, tenant_id as "tenantId", email, name, platform_user_id as "platformUserId",
  platform_slug as "platformSlug", created_by as "createdBy", created_at as "createdAt"`;

/**
 * Makes those who give names of the platform to somebody of the tenant take turns: guests and
 * accounts share these names, and no index spans both.
 */
export async function lockPlatformNames(tx: Queryable, tenantId: string): Promise<void> {
  await tx.query(
    "select from pg_advisory_xact_lock(hashtextextended('platform names ' || $1::text, 0))",
    [tenantId],
  );
}

export async function guestById(
  db: Queryable,
  { id, tenantId }: { id: string; tenantId: string },
): Promise<Guest | undefined> {
  const [guest] = await db.query<Guest>(
    `select ${columns} from guests where id = $1 and tenant_id = $2`,
    [id, tenantId],
  );
  return guest;
}

/** Nobody changes or takes the guest before this transaction ends. */
export async function lockGuestByEmail(
  tx: Queryable,
  { tenantId, emailKey }: { tenantId: string; emailKey: string },
): Promise<Guest | undefined> {
  const [guest] = await tx.query<Guest>(
    `select ${columns} from guests where tenant_id = $1 and email_key = $2 for update`,
    [tenantId, emailKey],
  );
  return guest;
}

export async function insertGuest(
  tx: Queryable,
  guest: Omit<Guest, 'id' | 'createdAt'> & { emailKey: string },
): Promise<Guest> {
  const [made] = await tx.query<Guest>(
    `insert into guests
      (id, tenant_id, email, email_key, name, platform_user_id, platform_slug, created_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${columns}`,
    [
      randomUUID(),
      guest.tenantId,
      guest.email,
      guest.emailKey,
      guest.name,
      guest.platformUserId,
      guest.platformSlug,
      guest.createdBy,
    ],
  );
  return made as Guest;
}

export async function updateGuest(
  tx: Queryable,
  guest: Pick<Guest, 'id' | 'name'> & PlatformNames,
): Promise<Guest> {
  const [updated] = await tx.query<Guest>(
    `update guests set name = $2, platform_user_id = $3, platform_slug = $4
      where id = $1 returning ${columns}`,
    [guest.id, guest.name, guest.platformUserId, guest.platformSlug],
  );
  return updated as Guest;
}

export async function deleteGuest(
  tx: Queryable,
  { id, tenantId }: { id: string; tenantId: string },
): Promise<Guest | undefined> {
  const [guest] = await tx.query<Guest>(
    `delete from guests where id = $1 and tenant_id = $2 returning ${columns}`,
    [id, tenantId],
  );
  return guest;
}

/** Which of these names a guest of the tenant has, but for the one named. */
export function namesOfGuests(
  db: Queryable,
  { tenantId, platformUserId, platformSlug }: PlatformNames & { tenantId: string },
  except?: string,
): Promise<{ user: boolean; slug: boolean }[]> {
  return db.query(
    `select coalesce(platform_user_id = $2, false) as user,
        coalesce(platform_slug = $3, false) as slug
      from guests where tenant_id = $1 and (platform_user_id = $2 or platform_slug = $3)
        and id is distinct from $4`,
    [tenantId, platformUserId, platformSlug, except ?? null],
  );
}

/** Which of these names an account of the tenant has. */
export function namesOfAccounts(
  db: Queryable,
  { tenantId, platformUserId, platformSlug }: PlatformNames & { tenantId: string },
): Promise<{ user: boolean; slug: boolean }[]> {
  return db.query(
    `select coalesce(platform_user_id = $2, false) as user,
        coalesce(platform_slug = $3, false) as slug
      from accounts where tenant_id = $1 and (platform_user_id = $2 or platform_slug = $3)`,
    [tenantId, platformUserId, platformSlug],
  );
}

/**
 * The id that an account of this address may begin with. Not where a Matrix user is mapped to it, by a
 * sign-up that was given up, or to the id that the account was to have: a homeserver takes an id once.
 */
export async function guestIdFor(
  db: Queryable,
  { tenantId, emailKey, insteadOf }: { tenantId: string; emailKey: string; insteadOf?: string },
): Promise<string | undefined> {
  const [guest] = await db.query<{ id: string }>(
    `select id from guests where tenant_id = $1 and email_key = $2
      and not exists (select from matrix_users where account_id in (guests.id, $3::uuid))`,
    [tenantId, emailKey, insteadOf ?? null],
  );
  return guest?.id;
}

/** Takes the guest that has the account's own proved address away, with the tickets made for it. */
export async function deleteGuestOf(
  tx: Queryable,
  { accountId, emailKey }: { accountId: string; emailKey: string },
): Promise<Guest | undefined> {
  const [guest] = await tx.query<Guest>(
    `delete from guests where tenant_id = (select tenant_id from accounts
        where id = $1 and email_key = $2 and status = 'active')
      and email_key = $2 returning ${columns}`,
    [accountId, emailKey],
  );
  if (guest) await tx.query('delete from handoff_tickets where account_id = $1', [guest.id]);
  return guest;
}
