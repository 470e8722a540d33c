import type { Errors } from './registry.ts';

/** The pages behind `/account`. Each form posts to its own action. */
export interface AccountPages {
  account: {
    account: {
      name: string;
      email: string;
      handle: string;
      /** `@handle:server` */
      matrixId: string;
      picture?: string;
      hasPassword: boolean;
      createdAt: Date;
    };
    errors: Errors;
    /** A key below `notice.`: what was just done. */
    notice?: AccountNotice;
    sessions: readonly AccountSession[];
    twoStep: { isOn: boolean; recoveryCodes: number };
    twoStepUrl: string;
    /** Where browsers know passkeys. */
    passkeysUrl?: string;
    /** Where there is something to decide. */
    membershipsUrl?: string;
    applications: readonly {
      clientId: string;
      name: string;
      since: Date;
      scopes: readonly string[];
    }[];
    /** Field `name`. */
    profileAction: string;
    emailUrl: string;
    passwordUrl: string;
    waysUrl: string;
    /** Field `session`. */
    endSessionAction: string;
    endAllSessionsAction: string;
    /** Field `client`. */
    revokeAction: string;
    downloadUrl: string;
    deleteUrl: string;
    signOutAction: string;
  };

  /** Field `email`. */
  'account-email': AccountForm & { email: string; value: string };

  /** Fields `current` (where there is one) and `password`; the second button posts `remove=yes`. */
  'account-password': AccountForm & {
    email: string;
    handle: string;
    hasPassword: boolean;
    /** Where codes are another way in. */
    canRemove: boolean;
  };

  /** Buttons `remove=<id>` and `connect=<way>`; field `input` where a way asks for a handle. */
  'account-ways': AccountForm & {
    identities: readonly {
      id: string;
      way: string;
      name: string;
      /** What the account is called there. */
      label: string;
      since: Date;
      /** Not the last one that works. */
      removable: boolean;
    }[];
    ways: readonly { id: string; name: string; asks: boolean }[];
    mergeUrl: string;
  };

  /** Says what merging is, before anything is proved. */
  'account-merge': AccountForm & { handle: string };

  /** Field `keep`: the handle of the account that stays. */
  'account-merge-choose': AccountForm & { accounts: readonly [MergeHalf, MergeHalf] };

  /** Field `keep`, given. */
  'account-merge-confirm': AccountForm & {
    kept: MergeHalf;
    dropped: MergeHalf;
    /** Whether the one that goes is the one signed in. */
    signedOut: boolean;
  };

  memberships: MembershipsPage;

  /** Fields `handle`, typed again to confirm, and `erase`. */
  'account-delete': AccountForm & { handle: string; matrixId: string; erase: boolean };
}

/** One of two accounts of a person. */
export interface MergeHalf {
  name: string;
  handle: string;
  /** `@handle:server` */
  matrixId: string;
  /** Proved. */
  email?: string;
  hasPassword: boolean;
  /** Names of the providers that sign in to it. */
  ways: readonly string[];
  createdAt: Date;
}

/**
 * What a platform added somebody to before they came. Fields `membership-<room>`: `keep` or `decline`;
 * what is left open waits.
 */
export interface MembershipsPage {
  action: string;
  memberships: readonly {
    room: string;
    /** Words are `entity.<type>`. */
    type: string;
    name: string;
    /** Words are `role.<role>`. */
    role: string;
    /** More than taking part. */
    manages: boolean;
  }[];
  /** Left out in the middle of a sign-in. */
  backUrl?: string;
}

export interface AccountForm {
  action: string;
  errors: Errors;
  /** Back to the account page. */
  backUrl: string;
}

export interface AccountSession {
  id: string;
  current: boolean;
  /** Such as "Firefox on Linux"; left out when unknown. */
  device?: string;
  address?: string;
  since: Date;
  lastSeen: Date;
}

export type AccountNotice =
  | 'profile_saved'
  | 'email_changed'
  | 'password_changed'
  | 'password_removed'
  | 'identity_added'
  | 'identity_removed'
  | 'session_ended'
  | 'all_sessions_ended'
  | 'application_revoked'
  | 'memberships_decided'
  | 'data_ready'
  | 'accounts_merged'
  | 'app_removed'
  | 'passkey_added'
  | 'passkey_removed';
