import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/database/database.ts';
import type { Synapse } from '../support/synapse.ts';
import { acme, newSlug } from './rooms-world.ts';

export type RoomPerson = {
  /** What the platform calls them; also their handle. */
  slug: string;
  tenant: string;
  accountId: string;
  userId: string;
};

export type PersonOptions = {
  tenant?: string;
  roles?: string[];
  /** Whether they have been on Matrix already. */
  matrix?: boolean;
};

/** People of a platform, most of whom are on Matrix. */
export class People {
  readonly #synapse: Synapse;
  readonly #database: Database;
  readonly #tokens = new Map<string, string>();

  constructor(synapse: Synapse, database: Database) {
    this.#synapse = synapse;
    this.#database = database;
  }

  async make({ tenant = acme, roles = [], matrix = true }: PersonOptions = {}) {
    const slug = newSlug();
    const person: RoomPerson = {
      ...{ slug, tenant, accountId: randomUUID() },
      userId: `@${slug}:${this.#synapse.serverName}`,
    };
    await this.#database.query(
      `insert into accounts (id, tenant_id, name, platform_slug, roles)
        values ($1, $2, 'Ann Example', $3, $4)`,
      [person.accountId, tenant, slug, roles],
    );
    await this.#database.query(
      `insert into handles (handle, account_id, tenant_id, state) values ($1, $2, $3, 'active')`,
      [slug, person.accountId, tenant],
    );
    if (matrix) await this.bringToMatrix(person);
    return person;
  }

  several(count: number, options: PersonOptions = {}): Promise<RoomPerson[]> {
    return Promise.all(Array.from({ length: count }, () => this.make(options)));
  }

  /** As provisioning does at the end. */
  async bringToMatrix({ slug, accountId, userId }: RoomPerson): Promise<void> {
    await this.makeUser(userId);
    await this.#database.query(
      `insert into matrix_users (handle, account_id, state, made_at)
        values ($1, $2, 'ready', now())`,
      [slug, accountId],
    );
  }

  async makeUser(userId: string): Promise<void> {
    await this.#synapse.admin('PUT', `/_synapse/admin/v2/users/${encodeURIComponent(userId)}`, {});
  }

  /** Says what a person's role is, as of now or of some milliseconds from now. */
  async tell(
    room: string,
    { slug, tenant }: RoomPerson,
    role: string | null,
    { powerLevel = null, after = 0 }: { powerLevel?: number | null; after?: number } = {},
  ): Promise<void> {
    await this.#database.query(
      `insert into memberships
          (room, member_tenant_id, member, role, power_level, occurred_at, event_id)
        values ($1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond', gen_random_uuid())
        on conflict (room, member_tenant_id, member) do update set role = excluded.role,
          power_level = excluded.power_level, occurred_at = excluded.occurred_at,
          event_id = excluded.event_id`,
      [room, tenant, slug, role, powerLevel, after],
    );
    await this.#database.query(
      'update entities set wanted_version = wanted_version + 1 where id = $1',
      [room],
    );
  }

  /** What a person does by their own client. @throws Error with Synapse's words */
  async act(userId: string, method: string, path: string, body: object = {}): Promise<unknown> {
    const answer = await fetch(`${this.#synapse.url}/_matrix/client/v3${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.#tokenOf(userId)}` },
      ...(method !== 'GET' && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  leave(userId: string, roomId: string): Promise<unknown> {
    return this.act(userId, 'POST', `/rooms/${encodeURIComponent(roomId)}/leave`);
  }

  async #tokenOf(userId: string): Promise<string> {
    const known = this.#tokens.get(userId);
    if (known) return known;
    const path = `/_synapse/admin/v1/users/${encodeURIComponent(userId)}/login`;
    const { access_token } = await this.#synapse.admin<{ access_token: string }>('POST', path, {});
    this.#tokens.set(userId, access_token);
    return access_token;
  }
}
