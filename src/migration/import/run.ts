import { stat } from 'node:fs/promises';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import type { FoundTenant } from '../../tenants/find.ts';
import { isConflict } from '../conflict.ts';
import { dryRun } from '../dry-run.ts';
import { Progress } from '../progress.ts';
import { type Recording, type RecordingOptions, recorded } from '../recording.ts';
import { requestedTenant } from '../requested-tenant.ts';
import type { Target } from '../target.ts';
import { entities } from './entities.ts';
import { handles } from './handles.ts';
import { type ImportContext, type ImportKind, isFault, type Line, type Outcome } from './kind.ts';
import { type Problem, soundLines } from './lines.ts';
import { members } from './members.ts';
import { users } from './users.ts';

export const kinds = ['entities', 'members', 'users', 'handles'] as const;
export type KindName = (typeof kinds)[number];

export type ImportOptions = RecordingOptions & {
  kind: KindName;
  tenant?: string;
  asOf?: Date;
  vouchHandles?: boolean;
  apply?: boolean;
};

export type ImportReport = {
  dryRun: boolean;
  kind: KindName;
  tenant: string;
  /** What lines without a time of their own were true at. */
  asOf: Date;
  lines: number;
  /** Done, or in a dry run what would be. */
  changed: number;
  present: number;
  overruled: number;
  unbound: number;
  problems: Problem[];
  /** Columns of the file that mean nothing here. */
  ignored: string[];
  rollbackFile?: string;
};

/** Lines of one transaction. */
const batchSize = 500;

/**
 * @throws AppError `file_unreadable`, `import_unreadable`, `tenant_not_found`,
 *   `rollback_file_exists`, `rollback_file_unwritable`
 */
export async function importFile(
  target: Target,
  file: string,
  options: ImportOptions,
): Promise<ImportReport> {
  const tenant = await requestedTenant(target, options.tenant);
  const written = await writtenAt(file);
  const asOf = notLater(options.asOf ?? written, new Date());
  const report = emptyReport(options, tenant, asOf);
  const work = (recording?: Recording) => {
    const context: ImportContext = {
      tenantId: tenant.id,
      config: target.config,
      asOf,
      vouched: options.vouchHandles ?? false,
    };
    return withKind(options.kind, (kind) =>
      new Import(target, kind, context, report, recording).run(file),
    );
  };
  if (options.apply) {
    const { path } = await recorded(target, 'migration import', options, work);
    report.rollbackFile = path;
  } else {
    await work();
  }
  report.problems.sort((a, b) => a.line - b.line);
  return report;
}

/** Each with the type of its own lines. */
function withKind<T>(name: KindName, work: <Value>(kind: ImportKind<Value>) => T): T {
  if (name === 'entities') return work(entities);
  if (name === 'members') return work(members);
  return name === 'users' ? work(users) : work(handles);
}

/** A file says what was so when it was written, however often and late it is imported. */
async function writtenAt(file: string): Promise<Date> {
  const found = await stat(file).catch((cause) => {
    const message = `${file} cannot be read (${cause.code}).`;
    throw new AppError('file_unreadable', { message, cause });
  });
  return found.mtime;
}

/** What is said for the future would beat all that the platform says until then. */
function notLater(time: Date, now: Date): Date {
  return time > now ? now : time;
}

function emptyReport(options: ImportOptions, tenant: FoundTenant, asOf: Date): ImportReport {
  return {
    ...{ dryRun: !options.apply, kind: options.kind, tenant: tenant.slug, asOf },
    ...{ lines: 0, changed: 0, present: 0, overruled: 0, unbound: 0 },
    ...{ problems: [], ignored: [] },
  };
}

class Import<Value> {
  readonly #target: Target;
  readonly #kind: ImportKind<Value>;
  readonly #context: ImportContext;
  readonly #report: ImportReport;
  readonly #recording: Recording | undefined;

  constructor(
    target: Target,
    kind: ImportKind<Value>,
    context: ImportContext,
    report: ImportReport,
    recording?: Recording,
  ) {
    this.#target = target;
    this.#kind = kind;
    this.#context = context;
    this.#report = report;
    this.#recording = recording;
  }

  async run(file: string): Promise<void> {
    const report = this.#report;
    const progress = new Progress('lines', this.#target);
    const told = {
      problem: (problem: Problem) => report.problems.push(problem),
      ignored: (column: string) => {
        if (!report.ignored.includes(column)) report.ignored.push(column);
      },
      read: () => {
        report.lines += 1;
        progress.at(report.lines);
      },
    };
    let batch: Line<Value>[] = [];
    for await (const line of soundLines(file, this.#kind, told)) {
      batch.push(line);
      if (batch.length < batchSize) continue;
      await this.#do(batch);
      batch = [];
    }
    await this.#do(batch);
    progress.end();
  }

  /** All lines in one transaction; where one of them cannot be, each in its own. */
  async #do(batch: readonly Line<Value>[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      this.#count(batch, await this.#transact(batch));
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (batch.length > 1) for (const line of batch) await this.#do([line]);
      else this.#report.problems.push({ line: batch[0]?.line ?? 0, reason: 'taken_meanwhile' });
    }
  }

  #transact(batch: readonly Line<Value>[]): Promise<Outcome> {
    const { database } = this.#target;
    const work = (tx: Transaction) => this.#kind.work(tx, batch, this.#context);
    const recording = this.#recording;
    if (!recording) return dryRun(database, work);
    return database.transaction(async (tx) => {
      const outcome = await work(tx);
      if (outcome.changes.length > 0) {
        const detail = { kind: this.#report.kind, changes: outcome.changes.length };
        const { tenantId } = this.#context;
        await record(tx, { action: 'migration.imported', actor: 'operator', tenantId, detail });
      }
      await recording.append(outcome.changes);
      return outcome;
    });
  }

  #count(batch: readonly Line<Value>[], { verdicts }: Outcome): void {
    for (const [at, verdict] of verdicts.entries()) {
      if (isFault(verdict)) this.#report.problems.push({ line: batch[at]?.line ?? 0, ...verdict });
      else this.#report[verdict] += 1;
    }
  }
}
