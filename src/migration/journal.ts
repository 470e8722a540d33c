import { createReadStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { AppError } from '../errors.ts';

const entry = z.object({
  roomId: z.string(),
  condition: z.enum(['valid', 'missing', 'deserted', 'replaced']),
  version: z.string().optional(),
  replacement: z.string().optional(),
});
export type JournalEntry = z.infer<typeof entry>;

/** What was found so far, so that a run that was cut short goes on where it was. */
export class Journal {
  readonly #path: string | undefined;
  readonly #known: ReadonlyMap<string, JournalEntry>;
  #begun = false;

  private constructor(path: string | undefined, known: ReadonlyMap<string, JournalEntry>) {
    this.#path = path;
    this.#known = known;
  }

  /** @throws AppError `journal_invalid` for a file that holds something else */
  static async open(path: string | undefined): Promise<Journal> {
    return new Journal(path, path ? await entriesOf(path) : new Map());
  }

  known(roomId: string): JournalEntry | undefined {
    return this.#known.get(roomId);
  }

  async add(found: JournalEntry): Promise<void> {
    if (!this.#path) return;
    // The run before may have ended in the middle of a line.
    const start = this.#begun ? '' : '\n';
    this.#begun = true;
    await appendFile(this.#path, `${start}${JSON.stringify(found)}\n`, { mode: 0o600 });
  }
}

async function entriesOf(path: string): Promise<Map<string, JournalEntry>> {
  const entries = new Map<string, JournalEntry>();
  let others = 0;
  try {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    for await (const line of lines) {
      const read = entry.safeParse(parsed(line));
      if (read.success) entries.set(read.data.roomId, read.data);
      else if (line !== '') others += 1;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // Each run can have cut off a line of its own.
  if (others <= entries.size) return entries;
  throw new AppError('journal_invalid', { message: `${path} holds something else.` });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
