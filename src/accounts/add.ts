import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { checkedHandle } from '../handles/checked-handle.ts';
import { releaseHold } from '../handles/hold.ts';
import type { HandlePolicy } from '../handles/policy.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { displayName } from '../text/display-name.ts';
import { accountByEmail } from './accounts.store.ts';
import { hashPassword } from './address-salt.ts';
import type { BreachedPasswords } from './breached-passwords.ts';
import { parseEmail } from './email-address.ts';
import type { PlatformNames } from './guests.store.ts';
import { giveHandle, makeAccount } from './make.ts';
import { newPasswordProblem } from './new-password.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { assertPlatformNames } from './platform-identity.ts';
import { type Provisioning, reserveHandle } from './reserve-handle.ts';

export type AddDependencies = {
  database: Database;
  fingerprints: Fingerprints;
  handlePolicy: HandlePolicy;
  hasher: PasswordHasher;
  breaches: Pick<BreachedPasswords, 'has'>;
  provisioning?: Provisioning;
};

export type AddOrder = {
  tenantId: string;
  email: string;
  name: string;
  /** Chosen at the first sign-in if not given. */
  handle?: string;
  /** Codes only if not given. */
  password?: string;
  platformNames: PlatformNames;
  allowReserved?: boolean;
  /** Takes also a password that people could not choose. */
  allowWeak?: boolean;
  actor: string;
};

export type AddedAccount = {
  id: string;
  /** Why people could not choose its password. */
  passwordProblem?: Awaited<ReturnType<typeof newPasswordProblem>>;
};

/** Longer than the making of a Matrix user and of an account takes. */
const holdSeconds = 300;

/**
 * An account as after a sign-up, its address vouched for by whoever adds it. Where Matrix users are
 * made before their accounts, its handle waits for that, as in a sign-up.
 *
 * @throws AppError `email_invalid`, `name_invalid`, `email_taken` (409), `password_weak`,
 *   `handle_unavailable`, `handle_taken` (409), `provisioning_unavailable` (503),
 *   `platform_name_invalid`, `platform_user_taken`, `platform_slug_taken` (409)
 */
export async function addAccount(
  dependencies: AddDependencies,
  order: AddOrder,
): Promise<AddedAccount> {
  const { database, provisioning } = dependencies;
  const { tenantId, platformNames, actor } = order;
  const id = randomUUID();
  const { address, name, handle } = await checked(dependencies, order);
  const person = { ...order, handle };
  const { passwordHash, passwordProblem } = await passwordOf(dependencies, person, address.key);
  if (handle) await reserve(dependencies, { handle, accountId: id, tenantId });
  try {
    await database.transaction(async (tx) => {
      await makeAccount(tx, {
        ...{ id, tenantId, name, handle, passwordHash, platformNames, actor },
        email: address.email,
        emailKey: address.key,
        emailVerified: true,
      });
      if (!handle) return;
      await giveHandle(tx, { handle, accountId: id, provisioned: Boolean(provisioning) });
    });
  } catch (error) {
    if (handle) await database.transaction((tx) => releaseHold(tx, id));
    throw error;
  }
  return { id, passwordProblem };
}

async function checked({ database, handlePolicy }: AddDependencies, order: AddOrder) {
  const { tenantId, email, handle, allowReserved } = order;
  const address = parseEmail(email);
  if (!address) throw new AppError('email_invalid', { message: `"${email}" is no email address.` });
  if (await accountByEmail(database, tenantId, address.key)) throw new AppError('email_taken');
  const name = displayName(order.name);
  if (!name) throw new AppError('name_invalid', { message: 'A person has a name.' });
  assertPlatformNames(order.platformNames);
  const request = handle && { handle, name, email, allowReserved };
  return {
    address,
    name,
    handle: request ? await checkedHandle(database, handlePolicy, request) : undefined,
  };
}

async function passwordOf(
  { breaches, hasher, fingerprints }: AddDependencies,
  { password, allowWeak, ...person }: AddOrder,
  emailKey: string,
) {
  if (password === undefined) return { passwordHash: null };
  const passwordProblem = await newPasswordProblem(breaches, password, person);
  if (passwordProblem && (!allowWeak || password === '')) {
    throw new AppError('password_weak', {
      message: `The password is not one that people may choose (${passwordProblem}).`,
    });
  }
  const passwordHash = await hashPassword({ hasher, fingerprints }, password, { emailKey });
  return { passwordHash, passwordProblem };
}

async function reserve(
  { database, provisioning }: AddDependencies,
  order: { handle: string; accountId: string; tenantId: string },
): Promise<void> {
  const heldBy = `operator ${order.accountId}`;
  const hold = { ...order, heldBy, seconds: holdSeconds };
  const outcome = await reserveHandle({ database, provisioning }, hold);
  if (outcome === 'ready') return;
  if (outcome === 'taken') throw new AppError('handle_taken');
  await database.transaction((tx) => releaseHold(tx, order.accountId));
  throw new AppError('provisioning_unavailable', {
    message: 'The Matrix user could not be made. Is a worker running, and does Synapse answer?',
  });
}
