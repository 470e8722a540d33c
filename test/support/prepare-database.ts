import { testServer } from './postgres.ts';

/** One PostgreSQL serves all files, instead of one after the other. */
export async function setup(): Promise<void> {
  process.env.TEST_DATABASE_URL = await testServer();
}
