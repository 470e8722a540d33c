import { Foundation1795200000000 } from './1795200000000-foundation.ts';

/** In the order in which they run. A migration that has landed is never edited. */
export const migrations = [Foundation1795200000000];
