import { randomUUID } from 'node:crypto';
import { secretValue } from '../cli/options.ts';
import { type Cli, warn } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { requireTenant } from '../tenants/find.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { defaultTenant } from '../tenants/tenants.store.ts';
import { displayName } from '../text/display-name.ts';
import { accountByEmail } from './accounts.store.ts';
import { hashPassword } from './address-salt.ts';
import { BreachedPasswords } from './breached-passwords.ts';
import { type EmailAddress, parseEmail } from './email-address.ts';
import { findAccount } from './found.store.ts';
import type { FoundAccount } from './found.ts';
import type { PlatformNames } from './guests.store.ts';
import { giveHandle, makeAccount } from './make.ts';
import { newPasswordProblem } from './new-password.ts';
import { PasswordHasher } from './password-hasher.ts';
import { checkedHandle, hold, provision } from './reserve-handle.ts';

export type AddOptions = {
  email: string;
  name: string;
  handle?: string;
  password?: string;
  tenant?: string;
  allowReserved?: boolean;
  platformUserId?: string;
  platformSlug?: string;
};

type Draft = {
  id: string;
  tenant: Tenant;
  name: string;
  address: EmailAddress;
  handle?: string;
  passwordHash: string | null;
  names: PlatformNames;
};

/**
 * An account as after a sign-up, its address vouched for by the operator. Where Matrix users are
 * made before their accounts, its handle waits for that, as in a sign-up.
 *
 * @throws AppError `email_invalid`, `name_invalid`, `email_taken` (409), `password_weak`,
 *   `handle_unavailable`, `provisioning_unavailable` (503), `platform_user_taken`,
 *   `platform_slug_taken` (409)
 */
export async function add(cli: Cli, options: AddOptions): Promise<FoundAccount> {
  const draft = await prepare(cli, options);
  if (draft.handle && cli.config.matrix.provisioning) {
    await provision(cli, { ...draft, handle: draft.handle });
  }
  return cli.database.transaction(async (tx) => {
    await make(tx, cli, draft);
    return (await findAccount(tx, draft.id)) as FoundAccount;
  });
}

async function make(tx: Transaction, { config }: Cli, draft: Draft): Promise<void> {
  const { id, tenant, handle } = draft;
  const { provisioning } = config.matrix;
  await makeAccount(tx, {
    id,
    tenantId: tenant.id,
    name: draft.name,
    email: draft.address.email,
    emailKey: draft.address.key,
    emailVerified: true,
    passwordHash: draft.passwordHash,
    platformNames: draft.names,
    handle,
    actor: 'operator',
  });
  if (!handle) return;
  if (!provisioning) await hold(tx, { ...draft, handle });
  await giveHandle(tx, { handle, accountId: id, provisioned: provisioning });
}

async function prepare(cli: Cli, options: AddOptions): Promise<Draft> {
  const { database, config } = cli;
  const tenant = options.tenant
    ? await requireTenant(database, options.tenant)
    : ((await defaultTenant(database)) as Tenant);
  const address = parseEmail(options.email);
  if (!address) {
    throw new AppError('email_invalid', { message: `"${options.email}" is no email address.` });
  }
  if (await accountByEmail(database, tenant.id, address.key)) {
    throw new AppError('email_taken');
  }
  const name = displayName(options.name);
  if (!name) throw new AppError('name_invalid', { message: 'A person has a name.' });
  const handle =
    options.handle && (await checkedHandle(cli, { ...options, handle: options.handle }));
  const password = await secretValue(options.password);
  if (password !== undefined) await checkPassword(cli, password, { ...options, handle });
  const hasher = new PasswordHasher(config.passwordHash);
  const { fingerprints } = cli;
  const passwordHash =
    password === undefined
      ? null
      : await hashPassword({ hasher, fingerprints }, password, { emailKey: address.key });
  const names = {
    platformUserId: options.platformUserId || null,
    platformSlug: options.platformSlug || null,
  };
  const id = randomUUID();
  return { id, tenant, name, address, handle: handle || undefined, passwordHash, names };
}

/** People could not choose a weak one; outside production, tests and demos may. */
async function checkPassword(
  { config }: Cli,
  password: string,
  person: { email: string; name: string; handle?: string },
): Promise<void> {
  const breaches = new BreachedPasswords(config.passwordBreachesUrl, () =>
    warn('Whether the password was in a breach could not be asked.'),
  );
  const problem = await newPasswordProblem(breaches, password, person);
  if (!problem) return;
  const message = `The password is not one that people may choose (${problem}).`;
  if (config.production || password === '') throw new AppError('password_weak', { message });
  warn(message);
}
