import encodeQR from 'qr';
import type { FactorPages } from './registry.factors.ts';

const secondStep: FactorPages['second-step'] = {
  action: '/second-step/x1',
  errors: {},
  app: true,
  account: { name: 'John Doe', handle: 'john.doe' },
  days: 30,
  remember: false,
  lostUrl: '/lost/x1',
  insteadUrl: '/recovery-code/x1',
  otherUrl: '/sign-in/x1',
};

const secondPasskey = { action: '/passkey/x1', optionsUrl: '/passkey/x1/options' };

const form = { action: '/account/two-step', errors: {}, backUrl: '/account' };
const secret = {
  picture: `data:image/svg+xml,${encodeURIComponent(encodeQR('otpauth://totp/Acme:john.doe', 'svg', { border: 4 }))}`,
  secret: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  app: 'totp/Acme:%40john.doe?issuer=Acme&secret=JBSWY3DPEHPK3PXP',
};
const app: FactorPages['account-app'] = { ...form, ...secret };
const setUp: FactorPages['set-up'] = {
  ...secret,
  action: '/set-up/x1',
  errors: {},
  otherUrl: '/sign-in/x1',
};
const passkeys: FactorPages['account-passkeys'] = {
  ...form,
  action: '/account/passkeys',
  optionsUrl: '/account/passkeys/options',
  passkeys: [
    {
      name: 'Bitwarden',
      since: new Date('2026-02-03T10:00:00Z'),
      lastUsed: new Date('2026-05-04T10:00:00Z'),
      isSynced: true,
      url: '/account/passkeys/one?passkey=k1',
    },
    {
      name: 'Firefox, Linux',
      since: new Date('2026-03-01T10:00:00Z'),
      isSynced: false,
      url: '/account/passkeys/one?passkey=k2',
    },
  ],
};
const codes = ['0a1b2-c3d4e', '5f6g7-h8j9k', 'm0n1p-q2r3s'];

const lost = { action: '/lost/x1', hours: 24, backUrl: '/second-step/x1' };

export const factorSamples = {
  'second-step': {
    first: secondStep,
    wrong: { ...secondStep, errors: { code: { code: 'totp_wrong' } } },
    either: { ...secondStep, passkey: secondPasskey },
    passkey: { ...secondStep, app: false, passkey: secondPasskey },
    limited: {
      ...secondStep,
      remember: true,
      errors: { code: { code: 'too_many_attempts', params: { count: 5 } } },
    },
  },
  'recovery-code': {
    first: secondStep,
    wrong: { ...secondStep, errors: { code: { code: 'recovery_wrong' } } },
  },
  'lost-factors': {
    offered: { ...lost, state: 'offered' },
    waiting: { ...lost, state: 'waiting', due: new Date('2026-05-05T10:00:00Z') },
    over: { ...lost, state: 'over', due: new Date('2026-05-04T10:00:00Z') },
    none: { ...lost, state: 'none' },
  },
  'cancel-wait': {
    first: { action: '/recover/second-step', hidden: { token: 'AbCdEf' }, accountUrl: '/account' },
    done: { action: '/recover/second-step', hidden: {}, accountUrl: '/account', done: true },
  },
  'account-two-step': {
    off: { ...form, app: null, recoveryCodes: 0 },
    on: {
      ...form,
      app: { since: new Date('2026-02-03T10:00:00Z'), lastUsed: new Date('2026-05-04T10:00:00Z') },
      recoveryCodes: 10,
    },
    few: { ...form, app: { since: new Date('2026-02-03T10:00:00Z') }, recoveryCodes: 2 },
  },
  'account-app': {
    first: app,
    wrong: { ...app, errors: { code: { code: 'totp_wrong' } } },
  },
  'set-up': {
    now: setUp,
    demanded: { ...setUp, application: 'Element' },
    soon: { ...setUp, until: new Date('2026-06-01T10:00:00Z') },
    wrong: { ...setUp, errors: { code: { code: 'totp_wrong' } } },
  },
  'account-passkeys': {
    none: { ...passkeys, passkeys: [] },
    two: passkeys,
    refused: { ...passkeys, errors: { form: { code: 'passkey_not_added' } } },
  },
  'account-passkey': {
    synced: { ...form, passkey: { id: 'k1', name: 'Bitwarden', isSynced: true } },
    bound: {
      ...form,
      errors: { label: { code: 'passkey_name_required' } },
      passkey: { id: 'k2', name: 'Firefox, Linux', isSynced: false },
    },
  },
  'account-recovery-codes': {
    first: { codes, backUrl: '/account', isNew: true },
    again: { codes, backUrl: '/account' },
  },
} satisfies { [Name in keyof FactorPages]: Record<string, FactorPages[Name]> };
