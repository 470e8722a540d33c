import { accountUpkeeps } from './accounts/upkeep.ts';
import { removeExpiredWaysIn } from './accounts/ways-in-upkeep.store.ts';
import { retainAudit } from './audit/retention.ts';
import { sealAudit } from './audit/seals.ts';
import type { Database } from './database/database.ts';
import { removeOldRoomTraces } from './entities/upkeep.store.ts';
import { factorUpkeeps } from './factors/upkeep.ts';
import { removeExpiredState } from './federation/atproto/state.store.ts';
import { rotateDueClientKeys } from './federation/client-keys.ts';
import { removeExpiredRequests } from './federation/requests.store.ts';
import { removeOrphanedUpstreamSessions } from './federation/upstream-sessions.store.ts';
import { deleteExpiredHolds } from './handles/handles.store.ts';
import { removeExpired as removeEndedLimits } from './http/rate-limits.store.ts';
import type { Upkeep } from './jobs/upkeep.ts';
import { mailUpkeeps } from './mail/send.ts';
import { removeAnonymousOverflow } from './oidc/anonymous-artifacts.ts';
import { removeExpiredArtifacts } from './oidc/artifacts.store.ts';
import { destroyRetired } from './oidc/keys.store.ts';
import { rotateDueKeys } from './oidc/keys.ts';
import { removeOrphanedOrigins } from './oidc/sessions.store.ts';
import { removeExpiredSignIns } from './pages/sign-in/sign-ins.store.ts';
import type { Fingerprints } from './secrets/fingerprints.ts';
import type { KeyRing } from './secrets/keyring.ts';

/** What keeps every table as small as the number of people and of what they are doing now. */
export function createUpkeeps({
  ring,
  fingerprints,
  onSealed,
}: {
  ring: KeyRing;
  fingerprints: Fingerprints;
  /** Hears of each seal of the audit. */
  onSealed?: Parameters<typeof sealAudit>[2];
}): Record<string, Upkeep> {
  return {
    ...mailUpkeeps,
    removeExpiredSignIns,
    removeExpiredRequests,
    removeExpiredBlueskyState: allOf(removeExpiredState),
    removeEndedLimits,
    removeExpiredCodes: allOf(accountUpkeeps.removeExpiredCodes),
    removeExpiredLinks: allOf(accountUpkeeps.removeExpiredLinks),
    removeExpiredWaysIn: allOf(removeExpiredWaysIn),
    removeUnconfirmedTotp: allOf(factorUpkeeps.removeUnconfirmedTotp),
    removeExpiredRemembered: allOf(factorUpkeeps.removeExpiredRemembered),
    removeExpiredWaits: allOf(factorUpkeeps.removeExpiredWaits),
    removeExpiredChallenges: allOf(factorUpkeeps.removeExpiredChallenges),
    removeOldRoomTraces: allOf(removeOldRoomTraces),
    removeExpiredArtifacts: allOf(removeExpiredArtifacts),
    removeAnonymousOverflow: allOf(removeAnonymousOverflow),
    deleteExpiredHolds: allOf((database) => deleteExpiredHolds(database, 1000)),
    removeStaleBrowsers: hourly(allOf(accountUpkeeps.removeStaleBrowsers)),
    removeOrphanedOrigins: hourly(removeOrphanedOrigins),
    removeOrphanedUpstreamSessions: hourly(removeOrphanedUpstreamSessions),
    sealAudit: (database) => sealAudit(database, fingerprints, onSealed),
    retainAudit: hourly(retainAudit),
    destroyRetiredKeys: hourly(destroyRetired),
    rotateDueKeys: (database) => rotateDueKeys(database, ring),
    rotateDueClientKeys: (database) => rotateDueClientKeys({ database, ring }),
  };
}

/** Batch after batch, each a short transaction, until there is nothing left to remove. */
function allOf(removeBatch: (database: Database) => Promise<number>): Upkeep {
  return async (database) => {
    while ((await removeBatch(database)) > 0);
  };
}

/** For what reads much of a table to find little: at most once an hour in each process. */
function hourly(upkeep: Upkeep): Upkeep {
  let next = 0;
  return async (database) => {
    if (Date.now() < next) return;
    next = Date.now() + 3_600_000;
    await upkeep(database);
  };
}
