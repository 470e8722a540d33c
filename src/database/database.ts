import { createHash } from 'node:crypto';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { inSpan } from '../tracing/span.ts';
import { DatabaseAway, isAway } from './away.ts';
import { querySpan } from './query-span.ts';

/** Anything that can run SQL: the pool, or one transaction of it. */
export interface Queryable {
  /**
   * `text` must be a constant: each text becomes a named prepared statement on its connection, so
   * that PostgreSQL parses and plans it once.
   */
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /**
   * Does something once what was written is committed, never if it is rolled back: at once where
   * there is no transaction. Its failure is reported, and changes nothing for whoever wrote.
   */
  afterCommit(work: () => void): void;
}

export interface Transaction extends Queryable {
  /** TypeORM's, on the same connection: for changes by repositories. */
  readonly manager: EntityManager;
}

type Runner = Pick<Pool | PoolClient, 'query'>;

const statementNames = new Map<string, string>();

function statementName(text: string): string {
  let name = statementNames.get(text);
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 20);
    statementNames.set(text, name);
  }
  return name;
}

async function run<Row>(runner: Runner, text: string, values: readonly unknown[] = []) {
  const query = { name: statementName(text), text, values: values as unknown[] };
  const result = await inSpan(
    () => querySpan(text),
    () => runner.query(query).catch(rethrow) as Promise<QueryResult>,
  );
  return result.rows as Row[];
}

/** @throws DatabaseAway where the database could not serve at all */
function rethrow(error: unknown): never {
  throw isAway(error) ? new DatabaseAway(error) : error;
}

/**
 * One pool for everything. TypeORM owns it; hot paths use its `pg` clients directly, because a
 * prepared statement costs a fifth of a repository call.
 */
export class Database implements Queryable {
  readonly dataSource: DataSource;
  readonly #pool: Pool;
  readonly #onAfterCommitError: (error: unknown) => void;
  #afterCommitErrors = 0;

  /** @param onAfterCommitError hears why something could not be done after a commit */
  constructor(
    dataSource: DataSource,
    onAfterCommitError: (error: unknown) => void = console.error,
  ) {
    this.dataSource = dataSource;
    this.#onAfterCommitError = onAfterCommitError;
    this.#pool = (dataSource.driver as PostgresDriver).master;
  }

  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    return run<Row>(this.#pool, text, values);
  }

  afterCommit(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#afterCommitErrors += 1;
      // What has failed may have been the log.
      try {
        this.#onAfterCommitError(error);
      } catch {}
    }
  }

  /** How often something could not be done after a commit. */
  get afterCommitErrors(): number {
    return this.#afterCommitErrors;
  }

  /** The pool itself, for libraries that need one (the job queue). */
  get pool(): Pool {
    return this.#pool;
  }

  /**
   * Runs `work` in one READ COMMITTED transaction. `work` must use only the transaction it is
   * given: waiting for a second connection inside one is how a full pool deadlocks.
   */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const afterwards: (() => void)[] = [];
    try {
      const client = (await runner.connect().catch(rethrow)) as PoolClient;
      await runner.startTransaction().catch(rethrow);
      const result = await work({
        query: <Row>(text: string, values?: readonly unknown[]) => run<Row>(client, text, values),
        afterCommit: (later) => afterwards.push(later),
        manager: runner.manager,
      });
      await runner.commitTransaction().catch(rethrow);
      for (const later of afterwards) this.afterCommit(later);
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => {});
      // Of a repository. Others are for `work` to explain: it may have called somebody else.
      if (error instanceof QueryFailedError && isAway(error.driverError))
        throw new DatabaseAway(error);
      throw error;
    } finally {
      await runner.release();
    }
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
  }
}

/** Does something in a transaction of its own, or in the one that the caller is in. */
export function inTransaction<T>(
  db: Database | Transaction,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return db instanceof Database ? db.transaction(work) : work(db);
}
