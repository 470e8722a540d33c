/** Examples of every page's context: the page test renders all of them in every language. */
import type { Layout, PageName, Pages, Way } from './registry.ts';
import { accountSamples } from './samples.account.ts';
import { admissionSamples } from './samples.admission.ts';
import { factorSamples } from './samples.factors.ts';

export const layoutSamples = {
  full: {
    lang: 'en',
    brand: {
      name: 'Acme Community',
      initial: 'A',
      stylesheet: '/brand.css',
      url: 'https://acme.example/',
    },
    application: { name: 'Element' },
    footer: {
      privacyUrl: 'https://acme.example/privacy',
      termsUrl: 'https://acme.example/terms',
      languages: [
        { lang: 'en', name: 'English', url: '?ui_locales=en', current: true },
        { lang: 'de', name: 'Deutsch', url: '?ui_locales=de', current: false },
      ],
    },
    requestId: '01JD6Z7V9K3T',
  },
  bare: {
    lang: 'en',
    brand: { name: 'OpenMeet', initial: 'O', stylesheet: '/brand.css' },
    footer: { languages: [] },
    requestId: '01JD6Z7V9K3T',
  },
} satisfies Record<string, Layout>;

const google: Way = { id: 'google', name: 'Google', url: '/sign-in/google', lastUsed: false };
const bluesky: Way = { id: 'bluesky', name: 'Bluesky', url: '/sign-in/bluesky', lastUsed: false };
const school: Way = { id: 'school', name: 'Lincoln High', url: '/sign-in/school', lastUsed: false };
const element = { name: 'Element' };
const badge = { name: 'John Doe', handle: 'john.doe' };
const terms = { version: '2026-01', termsUrl: '/terms', privacyUrl: '/privacy' };
const signIn: Pages['sign-in'] = {
  action: '/sign-in/x1',
  value: '',
  errors: {},
  ways: [google, bluesky],
  passkey: { action: '/passkey/x1', optionsUrl: '/passkey/x1/options' },
  signUpUrl: '/sign-up/x1',
  recoveryUrl: '/recovery/x1',
  cancelUrl: '/cancel/x1',
  remember: true,
};
const signUp: Pages['sign-up'] = {
  action: '/sign-up/x1',
  value: '',
  errors: {},
  ways: [google, bluesky],
  signInUrl: '/sign-in/x1',
};
const upstreamInput: Pages['upstream-input'] = {
  action: '/sign-in/bluesky',
  id: 'bluesky',
  name: 'Bluesky',
  value: '',
  errors: {},
  backUrl: '/sign-in/x1',
};
const address: Pages['address'] = {
  action: '/email/x1',
  value: '',
  errors: {},
  required: false,
  provider: 'Bluesky',
  suggested: false,
  cancelUrl: '/cancel/x1',
};
const code: Pages['code'] = {
  action: '/code/x1',
  purpose: 'sign-up',
  email: 'john@example.com',
  errors: {},
  digits: 6,
  minutes: 15,
  resendAction: '/code/x1/resend',
  resendSeconds: 42,
  changeUrl: '/sign-up/x1',
};
const profile: Pages['profile'] = {
  action: '/profile/x1',
  name: 'John Doe',
  handle: 'john.doe',
  serverName: 'matrix.example',
  errors: {},
  suggestions: [],
  availabilityUrl: '/handles/availability',
};
const password = { action: '/password/x1', email: 'john@example.com', handle: 'john.doe' };

/** Every page has a sample for each of its faces; the first is the usual one. */
export const samples: { readonly [Name in PageName]: Readonly<Record<string, Pages[Name]>> } = {
  ...accountSamples,
  ...admissionSamples,
  ...factorSamples,
  error: {
    'not-found': { code: 'not_found', status: 404, action: { label: 'home', url: '/' } },
    expired: {
      code: 'sign_in_expired',
      status: 400,
      action: { label: 'back_to_application', url: 'https://app.example/' },
    },
    'from-application': {
      code: 'invalid_request',
      status: 400,
      heading: 'invalid_request',
      detail: 'redirect_uri did not match any of the registered ones',
    },
    'without-cookies': { code: 'cookies_off', status: 400, action: { label: 'home', url: '/' } },
    broken: { code: 'internal', status: 500 },
  },
  home: {
    visitor: { accountUrl: '/account', tryUrl: '/try' },
    'signed-in': { account: badge, accountUrl: '/account' },
    deleted: { accountUrl: '/account', notice: 'account_deleted' },
  },
  'sign-in': {
    first: signIn,
    returning: {
      ...signIn,
      value: 'john@example.com',
      ways: [{ ...bluesky, lastUsed: true }, google, school],
      chooserUrl: '/accounts/x1',
    },
    wrong: {
      ...signIn,
      value: 'john@example.com',
      errors: { form: { code: 'sign_in_failed' } },
    },
    limited: {
      ...signIn,
      ways: [],
      value: 'john.doe',
      errors: { form: { code: 'too_many_attempts', params: { count: 5 } } },
    },
    again: { ...signIn, value: 'john.doe', knownAs: badge, chooserUrl: '/accounts/x1' },
    linking: {
      ...signIn,
      ways: [],
      value: 'john@example.com',
      linking: { provider: 'Google', email: 'john@example.com' },
      chooserUrl: '/sign-in/x1',
    },
    merging: { ...signIn, signUpUrl: undefined, merging: { handle: 'john.doe' } },
    home: {
      ...signIn,
      value: 'john@lincoln.example',
      home: { domain: 'lincoln.example', name: 'Lincoln High', url: '/sign-in/school' },
    },
    'linking-proved': {
      ...signIn,
      ways: [],
      value: 'john@example.com',
      linking: { provider: 'Bluesky', email: 'john@example.com', proved: true },
      chooserUrl: '/sign-in/x1',
    },
    'upstream-failed': {
      ...signIn,
      errors: { form: { code: 'upstream_failed', params: { provider: 'Google' } } },
    },
  },
  'sign-up': {
    first: signUp,
    communities: {
      ...signUp,
      value: 'john@',
      errors: { email: { code: 'email_invalid' }, tenant: { code: 'tenant_required' } },
      tenants: [
        { slug: 'acme', name: 'Acme Community' },
        { slug: 'lincoln', name: 'Lincoln High School Parents and Teachers' },
      ],
      cancelUrl: '/cancel/x1',
    },
    terms: { ...signUp, ways: [], terms, errors: { terms: { code: 'terms_required' } } },
  },
  address: {
    suggested: { ...address, value: 'john@example.com', suggested: true },
    empty: { ...address, value: 'john@', errors: { email: { code: 'email_invalid' } } },
    required: { ...address, required: true },
    'of-an-account': { ...address, required: true, provider: undefined },
  },
  'upstream-input': {
    first: upstreamInput,
    unknown: {
      ...upstreamInput,
      value: 'john',
      errors: { input: { code: 'bluesky_handle_unknown' } },
    },
  },
  code: {
    'sign-up': code,
    'sign-in': { ...code, purpose: 'sign-in', link: true, resendSeconds: 0, resent: true },
    wrong: { ...code, errors: { code: { code: 'code_wrong', params: { count: 3 } } } },
    guarded: { ...code, purpose: 'recovery', digits: 8 },
  },
  profile: {
    free: { ...profile, available: true, suggestions: ['john-doe', 'johnd', 'jdoe'] },
    empty: {
      ...profile,
      name: '',
      handle: '',
      terms: { ...terms, accepted: true },
      cancelUrl: '/cancel/x1',
    },
    taken: {
      ...profile,
      handle: 'john',
      errors: { handle: { code: 'taken' } },
      suggestions: ['john.doe', 'john-doe', 'johnd'],
    },
    short: {
      ...profile,
      handle: 'jo',
      errors: {
        name: { code: 'name_required' },
        handle: { code: 'too_short' },
      },
    },
  },
  password: {
    first: { ...password, errors: {}, skip: true },
    common: { ...password, errors: { password: { code: 'password_common' } }, skip: true },
    breached: { ...password, errors: { password: { code: 'password_breached' } }, skip: true },
  },
  recovery: {
    first: { action: '/recovery/x1', value: '', errors: {}, signInUrl: '/sign-in/x1' },
    empty: {
      action: '/recovery/x1',
      value: '',
      errors: { email: { code: 'identifier_required' } },
      signInUrl: '/sign-in/x1',
    },
  },
  'recovery-link': {
    first: { action: '/recover', email: 'john@example.com', hidden: { token: 'AbCdEf' } },
  },
  'new-password': {
    first: { action: '/recovery/x1/password', handle: 'john.doe', errors: {} },
    short: {
      action: '/recovery/x1/password',
      handle: 'john.doe',
      errors: { password: { code: 'password_too_short' } },
    },
  },
  'choose-community': {
    two: {
      action: '/community/x1',
      communities: [
        { slug: 'acme', name: 'Acme Community', handle: 'john.doe' },
        { slug: 'lincoln', name: 'Lincoln High', handle: 'mr-doe' },
      ],
    },
    'to-join': {
      action: '/community/x1',
      communities: [
        { slug: 'acme', name: 'Acme Community', handle: '' },
        { slug: 'lincoln', name: 'Lincoln High', handle: '' },
      ],
    },
  },
  chooser: {
    two: {
      action: '/accounts/x1',
      accounts: [
        { ...badge, id: 'a1', community: 'Acme Community' },
        { id: 'a2', name: 'Johanna', handle: 'jo.hanna', community: 'Lincoln High' },
      ],
      addUrl: '/sign-in/x1?add',
    },
  },
  handoff: {
    asked: {
      action: '/handoff/answer',
      hidden: { handoff: 'x1' },
      platform: 'Acme Events',
      application: element,
      account: { ...badge, handle: 'john.doe:matrix.example' },
    },
    'signed-in-as-another': {
      action: '/handoff/answer',
      hidden: { handoff: 'x1' },
      platform: 'Acme Events',
      application: element,
      account: { ...badge, handle: 'john.doe:matrix.example' },
      current: { name: 'Jane Roe', handle: 'jane.roe:matrix.example' },
    },
  },
  consent: {
    first: {
      action: '/consent/x1',
      application: element,
      scopes: ['profile', 'email', 'tenant', 'offline_access'],
      claims: [],
      account: badge,
      redirectHost: 'app.element.io',
      switchUrl: '/accounts/x1',
    },
    little: {
      action: '/consent/x1',
      application: element,
      scopes: ['openid'],
      claims: [],
      account: badge,
    },
    singly: {
      action: '/consent/x1',
      application: element,
      scopes: ['tenant'],
      claims: [
        ...['name', 'picture', 'locale', 'updated_at', 'preferred_username', 'matrix_handle'],
        ...['roles', 'groups', 'email', 'email_verified', 'tenant_id', 'tenant_domain'],
      ],
      account: badge,
      redirectHost: 'app.element.io',
    },
  },
  device: {
    first: { action: '/oidc/device', userCode: '', errors: {}, hidden: { xsrf: 'abc' } },
    wrong: {
      action: '/oidc/device',
      userCode: 'WDJB-MJHT',
      errors: { user_code: { code: 'user_code_wrong' } },
      hidden: { xsrf: 'abc' },
    },
  },
  'device-confirm': {
    first: {
      action: '/oidc/device',
      application: element,
      userCode: 'WDJB-MJHT',
      account: badge,
      hidden: { xsrf: 'abc', user_code: 'WDJBMJHT', confirm: 'yes' },
    },
  },
  'auto-submit': {
    'to-application': {
      action: 'https://app.example/callback',
      hidden: { iss: 'https://id.example/oidc', state: '<&"' },
      application: element,
    },
    here: { action: '/oidc/device', hidden: { xsrf: 'x1', user_code: 'BCDF-GHJK' } },
  },
  switched: {
    'somebody-else': { account: badge, continueUrl: '/oidc/auth', chooserUrl: '/accounts/x1' },
    nobody: { continueUrl: '/account' },
  },
  'device-done': { yes: { success: true }, no: { success: false } },
  'sign-out': {
    first: {
      action: '/oidc/session/end/confirm',
      hidden: { xsrf: 'abc' },
      application: element,
      account: badge,
      cancelUrl: '/',
    },
    others: {
      action: '/oidc/session/end/confirm',
      hidden: { xsrf: 'abc' },
      account: badge,
      others: [
        { name: 'Ben Beispiel', handle: 'ben.beispiel' },
        { name: 'Grace', handle: 'grace' },
      ],
      cancelUrl: '/',
    },
    bare: { action: '/oidc/session/end/confirm', hidden: { xsrf: 'abc' } },
  },
  'signed-out': {
    first: { application: element, url: 'https://app.example/' },
    bare: {},
  },
  try: {
    start: { startUrl: '/try/start' },
    done: {
      startUrl: '/try/start',
      claims: {
        sub: '01JD6Z7V9K3T',
        name: 'John Doe',
        email: 'john@example.com',
        email_verified: true,
        matrix_handle: 'john.doe',
        roles: ['member'],
      },
      lifetimes: { access_token: 300, id_token: 3600 },
    },
    failed: {
      startUrl: '/try/start',
      error: { code: 'access_denied', description: 'End-User aborted interaction' },
    },
  },
  waiting: {
    first: {
      url: '/profile/x1/wait',
      refreshSeconds: 2,
      handle: 'john.doe',
      serverName: 'matrix.example',
    },
  },
};
