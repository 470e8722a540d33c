import type { AccountPages, MergeHalf } from './registry.account.ts';

const form = { action: '/account/change', errors: {}, backUrl: '/account' };

const account: AccountPages['account'] = {
  account: {
    name: 'John Doe',
    email: 'john@example.com',
    handle: 'john.doe',
    matrixId: '@john.doe:matrix.example',
    hasPassword: true,
    createdAt: new Date('2026-02-03T10:00:00Z'),
  },
  errors: {},
  sessions: [
    {
      id: 's1',
      current: true,
      device: 'Firefox on Linux',
      address: '192.0.2.7',
      since: new Date('2026-05-01T08:00:00Z'),
      lastSeen: new Date('2026-05-04T12:00:00Z'),
    },
    {
      id: 's2',
      current: false,
      since: new Date('2026-04-01T08:00:00Z'),
      lastSeen: new Date('2026-04-02T09:30:00Z'),
    },
  ],
  applications: [
    {
      clientId: 'element',
      name: 'Element',
      since: new Date('2026-03-01T08:00:00Z'),
      scopes: ['openid', 'profile', 'email'],
    },
  ],
  profileAction: '/account/profile',
  emailUrl: '/account/email',
  passwordUrl: '/account/password',
  waysUrl: '/account/ways',
  twoStep: { isOn: false, recoveryCodes: 0 },
  twoStepUrl: '/account/two-step',
  passkeysUrl: '/account/passkeys',
  endSessionAction: '/account/sessions/end',
  endAllSessionsAction: '/account/sessions/end-all',
  revokeAction: '/account/applications/revoke',
  downloadUrl: '/account/data',
  deleteUrl: '/account/delete',
  signOutAction: '/account/sign-out',
};

const half: MergeHalf = {
  name: 'John Doe',
  handle: 'john.doe',
  matrixId: '@john.doe:matrix.example',
  email: 'john@example.com',
  hasPassword: true,
  ways: ['Google'],
  createdAt: new Date('2026-02-03T10:00:00Z'),
};

const otherHalf: MergeHalf = {
  name: 'Johnny',
  handle: 'johnny-of-the-very-long-handle',
  matrixId: '@johnny-of-the-very-long-handle:matrix.example',
  hasPassword: false,
  ways: ['Bluesky', 'Lincoln High'],
  createdAt: new Date('2026-04-03T10:00:00Z'),
};

export const accountSamples: {
  readonly [Name in keyof AccountPages]: Readonly<Record<string, AccountPages[Name]>>;
} = {
  account: {
    usual: account,
    new: {
      ...account,
      account: { ...account.account, hasPassword: false },
      errors: { name: { code: 'name_required' } },
      sessions: account.sessions.slice(0, 1),
      applications: [],
    },
    saved: { ...account, notice: 'profile_saved' },
    'without-email': { ...account, account: { ...account.account, email: '', hasPassword: false } },
    invited: { ...account, membershipsUrl: '/account/memberships' },
  },
  'account-email': {
    first: { ...form, email: 'john@example.com', value: '' },
    'without-any': { ...form, email: '', value: '' },
    mistyped: {
      ...form,
      email: 'john@example.com',
      value: 'john@',
      errors: { email: { code: 'email_invalid' } },
    },
  },
  'account-password': {
    change: {
      ...form,
      email: 'john@example.com',
      handle: 'john.doe',
      hasPassword: true,
      canRemove: true,
    },
    first: {
      ...form,
      email: 'john@example.com',
      handle: 'john.doe',
      hasPassword: false,
      canRemove: false,
    },
    wrong: {
      ...form,
      email: 'john@example.com',
      handle: 'john.doe',
      hasPassword: true,
      canRemove: true,
      errors: { current: { code: 'password_wrong' }, password: { code: 'password_common' } },
    },
  },
  'account-ways': {
    none: {
      ...form,
      mergeUrl: '/account/merge',
      identities: [],
      ways: [{ id: 'google', name: 'Google', asks: false }],
    },
    some: {
      ...form,
      mergeUrl: '/account/merge',
      identities: [
        {
          id: 'i1',
          way: 'google',
          name: 'Google',
          label: 'john@example.com',
          since: new Date('2026-03-01T08:00:00Z'),
          removable: true,
        },
      ],
      ways: [{ id: 'bluesky', name: 'Bluesky', asks: true }],
      errors: { input: { code: 'bluesky_handle_required' } },
    },
    last: {
      ...form,
      mergeUrl: '/account/merge',
      identities: [
        {
          id: 'i1',
          way: 'school',
          name: 'Lincoln High',
          label: '',
          since: new Date('2026-03-01T08:00:00Z'),
          removable: false,
        },
      ],
      ways: [],
      errors: { form: { code: 'last_way' } },
    },
  },
  'account-merge': {
    first: { ...form, handle: 'john.doe' },
    refused: { ...form, handle: 'john.doe', errors: { form: { code: 'merge_administrator' } } },
  },
  'account-merge-choose': {
    two: { ...form, accounts: [half, otherHalf] },
  },
  'account-merge-confirm': {
    own: { ...form, kept: half, dropped: otherHalf, signedOut: false },
    other: { ...form, kept: otherHalf, dropped: half, signedOut: true },
  },
  memberships: {
    several: {
      action: '/account/memberships',
      memberships: [
        {
          room: '0b54a8f3-96b9-4f5c-a9a5-7f4e2c1f0f0e',
          type: 'event',
          name: 'JavaScript Workshop',
          role: 'attendee',
          manages: false,
        },
        {
          room: '5c2f7f7e-1c53-4a0e-8d5c-6c6c9a3a5d11',
          type: 'group',
          name: 'Friends of long walks along the river before breakfast',
          role: 'admin',
          manages: true,
        },
      ],
    },
    later: {
      action: '/account/memberships',
      backUrl: '/account',
      memberships: [
        {
          room: '0b54a8f3-96b9-4f5c-a9a5-7f4e2c1f0f0e',
          type: 'organization',
          name: 'Acme',
          role: 'owner',
          manages: true,
        },
      ],
    },
  },
  'account-delete': {
    first: {
      ...form,
      handle: 'john.doe',
      matrixId: '@john.doe:matrix.example',
      erase: false,
    },
    mistyped: {
      ...form,
      handle: 'john.doe',
      matrixId: '@john.doe:matrix.example',
      erase: true,
      errors: { handle: { code: 'handle_mismatch' } },
    },
  },
};
