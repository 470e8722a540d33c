import { Foundation1795200000000 } from './1795200000000-foundation.ts';
import { Worker1795200001000 } from './1795200001000-worker.ts';

/** In the order in which they run. A migration that has landed is never edited. */
export const migrations = [Foundation1795200000000, Worker1795200001000];
