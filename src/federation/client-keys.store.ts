import type { Queryable } from '../database/database.ts';

const purpose = 'client-keys';

/** As for every data key, so that they are sealed anew together. */
export const sealContext = `data_keys:${purpose}:sealed:`;

export async function sealedKeys(db: Queryable): Promise<string | undefined> {
  const [row] = await db.query<{ sealed: string }>(
    'select sealed from data_keys where purpose = $1',
    [purpose],
  );
  return row?.sealed;
}

/** Whichever instance comes first decides. */
export async function insertKeys(db: Queryable, sealed: string): Promise<void> {
  await db.query(
    'insert into data_keys (purpose, sealed) values ($1, $2) on conflict (purpose) do nothing',
    [purpose, sealed],
  );
}

/** Serialises rotation over all instances until the transaction ends. */
export async function lockKeys(db: Queryable): Promise<string | undefined> {
  const [row] = await db.query<{ sealed: string }>(
    'select sealed from data_keys where purpose = $1 for update',
    [purpose],
  );
  return row?.sealed;
}

export async function updateKeys(db: Queryable, sealed: string): Promise<void> {
  await db.query('update data_keys set sealed = $2 where purpose = $1', [purpose, sealed]);
}
