import type { Queryable } from '../../database/database.ts';
import { roomPriority } from '../../jobs/catalogue.ts';
import { waitingPriority } from '../../jobs/jobs.store.ts';
import type { Desired } from './desired.ts';
import { isNewer } from './progress.store.ts';

/** Something else is wanted of the room by now, perhaps of more haste than what is left to do. */
export class Superseded extends Error {}

/** Others wait for the worker: the rest of the room is done when it is its turn again. */
export class Preempted extends Error {}

/** After so many steps, or so long, it is looked what else there is to do. */
const stretch = { steps: 20, ms: 400 };

/** How long a room may keep others of its kind waiting. */
const sliceMs = 5000;

/**
 * What a room may take of a worker at a time. Thousands of people are put into a large one for many
 * minutes, and a few such rooms would keep the mail and the revocations of everybody waiting.
 */
export class TimeSlice {
  readonly #db: Queryable;
  readonly #room: Pick<Desired, 'id' | 'wantedVersion'>;
  readonly #began = performance.now();
  #looked = performance.now();
  #steps = 0;

  constructor(db: Queryable, room: Pick<Desired, 'id' | 'wantedVersion'>) {
    this.#db = db;
    this.#room = room;
  }

  /** To be called before each step. @throws Superseded, Preempted */
  async step(): Promise<void> {
    const now = performance.now();
    this.#steps += 1;
    if (this.#steps < stretch.steps && now - this.#looked < stretch.ms) return;
    [this.#steps, this.#looked] = [0, now];
    const { id, wantedVersion } = this.#room;
    if (await isNewer(this.#db, id, wantedVersion))
      throw new Superseded('Something else is wanted');
    const waiting = await waitingPriority(this.#db);
    const ends = now - this.#began > sliceMs;
    if (waiting === null || waiting > roomPriority.single) return;
    if (ends || waiting < roomPriority.single) throw new Preempted('Others wait');
  }
}
