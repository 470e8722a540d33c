import type { z } from 'zod';
import type { Config } from '../../config/config.ts';
import type { Transaction } from '../../database/database.ts';
import type { Change } from '../change.ts';

/** What holds for all lines of an import. */
export type ImportContext = {
  tenantId: string;
  config: Config;
  /** What a line without a time of its own was true at. */
  asOf: Date;
  /** Whether the operator answers for the handles that a file names. */
  vouched: boolean;
};

export type Line<Value> = { line: number; value: Value };

/** Why a line does nothing: a stable code, and words where the code does not say it all. */
export type Fault = { reason: string; message?: string };

/**
 * - `changed`: done, or in a dry run what would be
 * - `present`: as the line says already, for instance by a run that was cut short
 * - `overruled`: something newer is known
 * - `unbound`: nobody here is known to be meant
 */
export type Verdict = 'changed' | 'present' | 'overruled' | 'unbound' | Fault;

export type Outcome = {
  /** One for each line, in their order. */
  verdicts: Verdict[];
  changes: Change[];
};

/** What a file can hold. */
export type ImportKind<Value> = {
  /** Properties by the names of their columns, in small letters without separators. */
  columns: Readonly<Record<string, keyof Value & string>>;
  schema: z.ZodType<Value>;
  /** Two lines about the same thing contradict each other, or say the same twice. */
  subject(value: Value): string;
  /** What only one subject can have. */
  claim?(value: Value): string | undefined;
  /** Does what the lines say, in a transaction that may be given up. */
  work(tx: Transaction, lines: readonly Line<Value>[], context: ImportContext): Promise<Outcome>;
};

export function isFault(verdict: Verdict): verdict is Fault {
  return typeof verdict === 'object';
}
