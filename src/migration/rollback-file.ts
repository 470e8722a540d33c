import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Change } from './change.ts';

const header = z.object({
  rollback: z.literal(1),
  /** What made the changes: a command. */
  of: z.string(),
  at: z.iso.datetime(),
  /** Of the installation: its changes mean nothing in another. */
  installation: z.uuid(),
});
export type RollbackHeader = z.infer<typeof header>;

const value = z.record(z.string(), z.unknown()).nullable();
const change = z.object({
  kind: z.enum(['room', 'membership', 'platform_identity', 'handle', 'room_state']),
  key: z.array(z.string()).min(1).max(3),
  before: value,
  after: value,
});

/**
 * What a command changed, and what was there before: a line for each change, safe on the disk before
 * the change is made. So it may hold changes that never happened, and never lacks one that did. It
 * holds what rooms, members and accounts are called, and is for its owner's eyes only.
 */
export class RollbackFile {
  readonly path: string;
  readonly #file: FileHandle;
  #changes = 0;
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** @throws AppError `rollback_file_exists` (409), `rollback_file_unwritable` */
  static async create(path: string, { of, at, installation }: Omit<RollbackHeader, 'rollback'>) {
    const place = resolve(path);
    const file = await openNew(place);
    const made = new RollbackFile(place, file);
    await file.chmod(0o600);
    await file.appendFile(`${JSON.stringify({ rollback: 1, of, at, installation })}\n`);
    await file.sync();
    await syncDirectory(dirname(place));
    return made;
  }

  /** Comes back when the lines would survive a power failure. One after the other. */
  append(changes: readonly Change[]): Promise<void> {
    const lines = changes.map((it) => `${JSON.stringify(it)}\n`).join('');
    if (lines === '') return Promise.resolve();
    this.#changes += changes.length;
    // After a failure nothing more is written: a line that is cut off must be the last.
    this.#last = this.#last.then(async () => {
      await this.#file.appendFile(lines);
      await this.#file.sync();
    });
    return this.#last;
  }

  /** @returns its path; nothing when there was no change, and so there is no file */
  async close(): Promise<string | undefined> {
    await this.#file.close();
    if (this.#changes > 0) return this.path;
    await unlink(this.path);
    return undefined;
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      const message = `${path} exists: it may be all there is to undo earlier changes. Give another name.`;
      throw new AppError('rollback_file_exists', { message, cause });
    }
    const message = `${path} cannot be written (${code}), and without it nothing is changed.`;
    throw new AppError('rollback_file_unwritable', { message, cause });
  }
}

/** Else the name of a new file may be lost where its content is not. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().catch(() => {});
  await directory.close();
}

/** A rollback file, to be read from its end. */
export class WrittenRollback {
  readonly header: RollbackHeader;
  /** Of its changes. */
  readonly count: number;
  /** Whether its end was cut off in the middle of a line, whose change was never made. */
  readonly torn: boolean;
  readonly #file: FileHandle;
  readonly #starts: readonly number[];

  private constructor(
    file: FileHandle,
    { header, starts, torn }: { header: RollbackHeader; starts: number[]; torn: boolean },
  ) {
    this.#file = file;
    this.#starts = starts;
    this.header = header;
    this.count = starts.length - 2;
    this.torn = torn;
  }

  /** @throws AppError `file_unreadable`, `rollback_file_invalid` */
  static async open(path: string): Promise<WrittenRollback> {
    const file = await open(path, 'r').catch((cause) => {
      const message = `${path} cannot be read (${cause.code}).`;
      throw new AppError('file_unreadable', { message, cause });
    });
    try {
      const { starts, size } = await lineStarts(file);
      const first = starts.length > 1 ? parse(await readLine(file, starts, 0)) : undefined;
      const read = header.safeParse(first);
      if (!read.success) throw invalid('is no rollback file of this program');
      return new WrittenRollback(file, { header: read.data, starts, torn: starts.at(-1) !== size });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The last change first. @throws AppError `rollback_file_invalid` */
  async *backwards(): AsyncGenerator<Change> {
    for (let line = this.count; line > 0; line -= 1) {
      const read = change.safeParse(parse(await readLine(this.#file, this.#starts, line)));
      if (!read.success) throw invalid(`was tampered with in line ${line + 1}`);
      yield read.data;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Where lines begin, and last where the last whole one ends. */
async function lineStarts(file: FileHandle): Promise<{ starts: number[]; size: number }> {
  const starts = [0];
  let size = 0;
  const stream = file.createReadStream({ start: 0, autoClose: false });
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
      starts.push(size + at + 1);
    }
    size += bytes.length;
  }
  return { starts, size };
}

async function readLine(file: FileHandle, starts: readonly number[], line: number) {
  const [start = 0, end = 0] = starts.slice(line, line + 2);
  const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
  return buffer.toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(problem: string): AppError {
  return new AppError('rollback_file_invalid', { message: `The file ${problem}.` });
}
