import { type Avatar, beginAvatar, keepAvatar } from './avatars.store.ts';
import type { MatrixTaskOptions } from './provision.ts';
import { SynapseError } from './synapse-error.ts';

type AvatarDependencies = Pick<MatrixTaskOptions, 'database' | 'synapse' | 'fetchPicture'>;

/** Of the Matrix user: its id, and the picture it shows now. */
type Shown = { userId: string; current: string | null };

/**
 * Shows an account's picture on its Matrix user, as long as what that shows is what we put there: a
 * picture that the person chose on Matrix, or took away, is theirs. One that is not to be had is left
 * for the next time the account changes.
 */
export async function showAvatar(
  { database, synapse, fetchPicture }: AvatarDependencies,
  avatar: Avatar,
  { userId, current }: Shown,
): Promise<void> {
  const { picture, source, mxc, pending } = avatar;
  const ours = current === mxc || (pending !== null && current === pending);
  if (!ours || (picture === source && current === mxc)) return;
  if (picture === null) return set('');
  const content = await fetchPicture(picture).catch(() => undefined);
  if (!content) return;
  const uploaded = await synapse.uploadPicture(content);
  await beginAvatar(database, avatar, uploaded);
  return set(uploaded);

  async function set(url: string): Promise<void> {
    const refused = await synapse
      .changeUser(userId, { avatar_url: url })
      .then(() => false, isRefusal);
    const shown = refused ? current : url || null;
    await keepAvatar(database, avatar, { source: picture, mxc: shown });
  }
}

/** The homeserver may allow only small pictures, or only some kinds; asking again changes nothing. */
function isRefusal(error: unknown): true {
  const final = error instanceof SynapseError && (error.kind === 'refused' || error.status === 403);
  if (!final) throw error;
  return true;
}
