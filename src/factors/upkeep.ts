import type { Queryable } from '../database/database.ts';
import { removeExpiredWaits } from './lost-factors.store.ts';
import { removeExpiredRemembered } from './remembered-browsers.store.ts';
import { removeUnconfirmed } from './totp.store.ts';
import { enrolmentMinutes } from './totp.ts';
import { removeExpiredChallenges } from './webauthn-challenges.store.ts';

/** To be run now and then: each removes at most one batch of rows that nobody needs any more. */
export const factorUpkeeps = {
  removeUnconfirmedTotp: (db: Queryable) => removeUnconfirmed(db, enrolmentMinutes),
  removeExpiredRemembered,
  removeExpiredChallenges,
  removeExpiredWaits,
};
