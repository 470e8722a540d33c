import { createServer } from 'node:http';
import { hash } from '@node-rs/argon2';
import { Pool } from 'pg';
import { addressOfPerson, passwordHashParameters, peopleCount, personPassword } from '../people.ts';
import { loginPage } from './login.ts';
import { MemoryAdapter } from './memory-adapter.ts';
import { type Person, peopleInDatabase, peopleInMemory } from './people.ts';
import { createTables, PgAdapter } from './pg-adapter.ts';
import { createBareProvider } from './provider.ts';

const { PORT, CLIENT_ID = '', CLIENT_SECRET = '', DATABASE_URL } = process.env;

const passwordHash = await hash(personPassword, passwordHashParameters);
const persons: Person[] = Array.from({ length: peopleCount }, (_, index) => ({
  id: `person-${index}`,
  email: addressOfPerson(index),
  name: `Person ${index}`,
  passwordHash,
}));

const pool = DATABASE_URL ? new Pool({ connectionString: DATABASE_URL, max: 10 }) : undefined;
if (pool) await createTables(pool);
const people = pool ? await peopleInDatabase(pool, persons) : peopleInMemory(persons);
const provider = await createBareProvider({
  issuer: `http://127.0.0.1:${PORT}`,
  client: { id: CLIENT_ID, secret: CLIENT_SECRET },
  adapter: (name: string) => (pool ? new PgAdapter(pool, name) : new MemoryAdapter(name)),
  people,
});

const library = provider.callback();
const login = loginPage(provider, people);
createServer((request, response) => {
  if (!request.url?.startsWith('/interaction/')) {
    library(request, response);
    return;
  }
  login(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
}).listen(Number(PORT), '127.0.0.1');
