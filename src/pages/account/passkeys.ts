import { z } from 'zod';
import type { Errors } from '../../../views/registry.ts';
import { AppError } from '../../errors.ts';
import { readRegistration } from '../../factors/passkey-data.ts';
import { addPasskey, beginPasskey } from '../../factors/passkey-registration.ts';
import { passkeysOf } from '../../factors/passkeys.store.ts';
import { removePasskey, renamePasskey } from '../../factors/passkeys.ts';
import { relyingPartyOf } from '../../factors/relying-party.ts';
import { deviceName } from '../../http/device-name.ts';
import { readForm, validate } from '../../http/forms.ts';
import { displayName } from '../../text/display-name.ts';
import type { Visit } from './visit.ts';

export const passkeysPath = '/account/passkeys';
/** What the browser is to be asked for, to its script. */
export const passkeyOptionsPath = '/account/passkeys/options';
export const passkeyPath = '/account/passkeys/one';

const addForm = z.object({ credential: z.string().max(30_000).default('') });
const changeForm = z.object({
  passkey: z.uuid(),
  label: z.string().max(200).default(''),
  do: z.enum(['rename', 'remove']).default('rename'),
});

/** All that the account has, and how to make another. */
export async function showPasskeys(visit: Visit<'publicUrl'>, errors: Errors = {}): Promise<void> {
  const { parts, account } = visit;
  if (!relyingPartyOf(parts.publicUrl)) return visit.redirect('/account');
  const passkeys = await passkeysOf(parts.database, account.id);
  visit.show('account-passkeys', {
    action: passkeysPath,
    optionsUrl: passkeyOptionsPath,
    backUrl: '/account',
    errors,
    passkeys: passkeys.map(({ id, name, createdAt, lastUsedAt, isSynced }) => ({
      name,
      since: createdAt,
      lastUsed: lastUsedAt ?? undefined,
      isSynced,
      url: `${passkeyPath}?passkey=${id}`,
    })),
  });
}

/** In answer to the page's script. */
export async function answerPasskeyOptions(visit: Visit<'publicUrl'>): Promise<void> {
  const { parts, account, tenant, browser, ctx } = visit;
  await readForm(ctx);
  const party = relyingPartyOf(parts.publicUrl);
  if (!party) throw new AppError('not_found');
  const community = tenant.branding.name ?? tenant.name;
  const options = await beginPasskey(parts.database, { ...account, browser, community }, party);
  ctx.set('cache-control', 'no-store');
  ctx.body = options;
}

/** Comes without a credential where a browser has no scripts, or could not ask for the options. */
export async function submitPasskey(visit: Visit<'outside' | 'publicUrl'>): Promise<void> {
  const { parts, account, browser, ctx } = visit;
  const { database, publicUrl, outside } = parts;
  const party = relyingPartyOf(publicUrl);
  if (!party) return visit.redirect('/account');
  const { credential } = validate(addForm, await readForm(ctx));
  if (!credential) return showPasskeys(visit, { form: { code: 'passkey_missing' } });
  const answer = readRegistration(credential);
  if (!answer) return showPasskeys(visit, { form: { code: 'passkey_not_added' } });
  const place = {
    ...{ id: account.id, tenantId: account.tenantId, browser },
    device: deviceName(ctx.get('user-agent')) ?? 'Passkey',
  };
  try {
    await addPasskey(database, place, answer, { party, ...outside });
  } catch (error) {
    const code = error instanceof AppError ? refusals[error.code] : undefined;
    if (!code) throw error;
    return showPasskeys(visit, { form: { code } });
  }
  visit.done('passkey_added');
}

const refusals: Readonly<Record<string, string>> = {
  passkey_refused: 'passkey_not_added',
  too_many_passkeys: 'too_many_passkeys',
};

/** One of them, to be renamed or removed. */
export async function showPasskey(visit: Visit, errors: Errors = {}): Promise<void> {
  const { parts, account, ctx } = visit;
  const id = ctx.query.passkey ?? (await readForm(ctx)).passkey;
  const passkeys = await passkeysOf(parts.database, account.id);
  const passkey = passkeys.find((one) => one.id === id);
  if (!passkey) return visit.redirect(passkeysPath);
  visit.show('account-passkey', {
    action: passkeyPath,
    backUrl: passkeysPath,
    errors,
    passkey: { id: passkey.id, name: passkey.name, isSynced: passkey.isSynced },
  });
}

export async function submitPasskeyChange(visit: Visit<'outside'>): Promise<void> {
  const { parts, account } = visit;
  const { passkey: id, label, do: action } = validate(changeForm, await readForm(visit.ctx));
  const change = { accountId: account.id, id };
  try {
    if (action === 'remove') {
      await parts.database.transaction((tx) => removePasskey(tx, change, parts.outside));
      return visit.done('passkey_removed');
    }
    const name = displayName(label, 60);
    if (!name) return await showPasskey(visit, { label: { code: 'passkey_name_required' } });
    await parts.database.transaction((tx) => renamePasskey(tx, { ...change, name }));
  } catch (error) {
    // Removed in another tab.
    if (!(error instanceof AppError) || error.code !== 'passkey_not_found') throw error;
  }
  return visit.redirect(passkeysPath);
}
