import type { Pool } from 'pg';

export type Person = { id: string; email: string; name: string; passwordHash: string };

/** Where the login page and the claims find people. */
export type People = {
  byEmail(email: string): Promise<Person | undefined>;
  byId(id: string): Promise<Person | undefined>;
};

export function peopleInMemory(people: readonly Person[]): People {
  const byId = new Map(people.map((person) => [person.id, person]));
  const byEmail = new Map(people.map((person) => [person.email, person]));
  return {
    byEmail: async (email) => byEmail.get(email),
    byId: async (id) => byId.get(id),
  };
}

export async function peopleInDatabase(pool: Pool, people: readonly Person[]): Promise<People> {
  await pool.query(`create table people (
    id text primary key, email text not null unique, name text not null,
    password_hash text not null)`);
  for (const { id, email, name, passwordHash } of people) {
    await pool.query('insert into people values ($1, $2, $3, $4)', [id, email, name, passwordHash]);
  }
  const columns = 'id, email, name, password_hash as "passwordHash"';
  const one = async (condition: string, value: string): Promise<Person | undefined> =>
    (await pool.query(`select ${columns} from people where ${condition} = $1`, [value])).rows[0];
  return {
    byEmail: (email) => one('email', email),
    byId: (id) => one('id', id),
  };
}
