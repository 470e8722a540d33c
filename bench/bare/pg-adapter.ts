import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Pool } from 'pg';

const schema = [
  `create table oidc_models (
    id text not null,
    type text not null,
    payload jsonb not null,
    grant_id text,
    user_code text,
    uid text,
    expires_at timestamptz,
    consumed_at timestamptz,
    primary key (id, type))`,
  'create index oidc_models_grant on oidc_models (grant_id)',
  'create index oidc_models_uid on oidc_models (uid)',
];

export async function createTables(pool: Pool): Promise<void> {
  for (const statement of schema) await pool.query(statement);
}

/** What most people write first: one table, one JSON column, one query per call. */
export class PgAdapter implements Adapter {
  readonly #pool: Pool;
  readonly #type: string;

  constructor(pool: Pool, type: string) {
    this.#pool = pool;
    this.#type = type;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    await this.#pool.query(
      `insert into oidc_models (id, type, payload, grant_id, user_code, uid, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (id, type) do update set payload = excluded.payload,
          grant_id = excluded.grant_id, user_code = excluded.user_code, uid = excluded.uid,
          expires_at = excluded.expires_at`,
      [
        id,
        this.#type,
        payload,
        payload.grantId,
        payload.userCode,
        payload.uid,
        expiresIn ? new Date(Date.now() + expiresIn * 1000) : null,
      ],
    );
  }

  find(id: string) {
    return this.#findBy('id', id);
  }

  findByUid(uid: string) {
    return this.#findBy('uid', uid);
  }

  findByUserCode(userCode: string) {
    return this.#findBy('user_code', userCode);
  }

  async consume(id: string): Promise<void> {
    await this.#pool.query(
      'update oidc_models set consumed_at = now() where id = $1 and type = $2',
      [id, this.#type],
    );
  }

  async destroy(id: string): Promise<void> {
    await this.#pool.query('delete from oidc_models where id = $1 and type = $2', [id, this.#type]);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#pool.query('delete from oidc_models where grant_id = $1', [grantId]);
  }

  async #findBy(column: string, value: string): Promise<AdapterPayload | undefined> {
    const { rows } = await this.#pool.query(
      `select payload, expires_at, consumed_at from oidc_models
        where ${column} = $1 and type = $2`,
      [value, this.#type],
    );
    const [row] = rows;
    if (!row || row.expires_at < new Date()) return undefined;
    return row.consumed_at ? { ...row.payload, consumed: true } : row.payload;
  }
}
