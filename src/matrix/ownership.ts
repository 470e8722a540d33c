import type { SynapseUser } from './endpoints.ts';
import type { AuthProviders } from './matrix-users.store.ts';
import type { Synapse } from './synapse.ts';

/** Whether one of our provider blocks signs the account in as this user already. */
export function isMapped(user: SynapseUser, accountId: string, { all }: AuthProviders): boolean {
  return user.external_ids.some(
    ({ auth_provider, external_id }) => external_id === accountId && all.includes(auth_provider),
  );
}

/**
 * Whether nobody ever used the user in any way: it is what provisioning leaves behind. Together with
 * our own record that once there was no such user, it means that we made it: then died before noting
 * it, or for a sign-up that never finished.
 */
export async function isUntouched(
  synapse: Synapse,
  user: SynapseUser,
  { all }: AuthProviders,
): Promise<boolean> {
  const localpart = user.name.slice(1, user.name.indexOf(':'));
  return (
    !user.admin &&
    !user.deactivated &&
    !user.locked &&
    !user.is_guest &&
    !user.appservice_id &&
    !user.user_type &&
    !user.avatar_url &&
    (user.displayname ?? localpart) === localpart &&
    user.external_ids.every(({ auth_provider }) => all.includes(auth_provider)) &&
    user.threepids.length === 0 &&
    (await synapse.countDevices(user.name)) === 0
  );
}
