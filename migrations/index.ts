import { Foundation1795200000000 } from './1795200000000-foundation.ts';
import { Federation1795300000000 } from './1795300000000-federation.ts';
import { IdentityProfile1795300001000 } from './1795300001000-identity-profile.ts';

/** In the order in which they run. A migration that has landed is never edited. */
export const migrations = [
  Foundation1795200000000,
  Federation1795300000000,
  IdentityProfile1795300001000,
];
