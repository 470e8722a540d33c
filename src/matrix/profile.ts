import { GiveUp, type Task } from '../jobs/task.ts';
import { findMatrixProfile, type MatrixProfile } from './accounts.store.ts';
import { showAvatar } from './avatar.ts';
import { findAvatar } from './avatars.store.ts';
import type { SynapseUser } from './endpoints.ts';
import { authProviders } from './matrix-users.store.ts';
import { isMapped } from './ownership.ts';
import type { MatrixTaskOptions } from './provision.ts';
import type { Synapse, UserChange } from './synapse.ts';
import { SynapseError } from './synapse-error.ts';

/** Shows an account's name, address and picture on its Matrix user; never touches a stranger's. */
export function profileTask(options: MatrixTaskOptions): Task<'update-matrix-profile'> {
  const { database, synapse, serverName } = options;
  return async ({ accountId }) => {
    const profile = await findMatrixProfile(database, accountId);
    if (!profile || profile.state === 'conflict' || profile.state === 'deactivated') return;
    if (profile.state === 'begun') throw new Error('The Matrix user is not ready yet');
    const user = await synapse.readUser(`@${profile.handle}:${serverName}`);
    if (!user || user.deactivated) return;
    const providers = await authProviders(database, profile.tenantId);
    if (!profile.ours && !isMapped(user, accountId, providers)) return;
    await showWords(synapse, user, profile);
    const avatar = await findAvatar(database, accountId);
    const shown = { userId: user.name, current: user.avatar_url || null };
    if (avatar) await showAvatar(options, avatar, shown);
  };
}

async function showWords(synapse: Synapse, user: SynapseUser, profile: MatrixProfile) {
  const change: UserChange = {};
  if (user.displayname !== profile.name) change.displayname = profile.name;
  const threepids = await wantedThreepids(synapse, user, profile);
  if (!sameThreepids(user.threepids, threepids)) change.threepids = threepids;
  if (Object.keys(change).length === 0) return;
  await synapse.changeUser(user.name, change).catch((error) => {
    if (error instanceof SynapseError && error.kind === 'refused') {
      throw new GiveUp(error.message, { cause: error });
    }
    throw error;
  });
}

type Threepids = SynapseUser['threepids'];

/**
 * On a user that we made, addresses are ours: a former one must not stay, it could reset a
 * password. An address that another user of the server has stays there.
 */
async function wantedThreepids(
  synapse: Synapse,
  user: SynapseUser,
  { email, ours }: MatrixProfile,
): Promise<Threepids> {
  const kept = user.threepids
    .filter(({ medium }) => !ours || medium !== 'email')
    .map(({ medium, address }) => ({ medium, address }));
  // Synapse compares addresses in lower case.
  const address = email?.toLowerCase();
  if (!address || kept.some((threepid) => threepid.address === address)) return kept;
  const holder = await synapse.holderOfEmail(address);
  if (holder && holder !== user.name) return kept;
  return [...kept, { medium: 'email', address }];
}

function sameThreepids(one: Threepids, other: Threepids): boolean {
  const keys = (threepids: Threepids) =>
    threepids.map(({ medium, address }) => `${medium} ${address}`).sort();
  return keys(one).join('\n') === keys(other).join('\n');
}
