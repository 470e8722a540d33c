import { Foundation1795200000000 } from './1795200000000-foundation.ts';
import { Federation1795300000000 } from './1795300000000-federation.ts';

/** In the order in which they run. A migration that has landed is never edited. */
export const migrations = [Foundation1795200000000, Federation1795300000000];
