import type { AccountForm } from './registry.account.ts';
import type { AccountBadge, Errors } from './registry.ts';

/** What a sign-in asks for after a password or the like, and where that is set up. */
export interface FactorPages {
  /** Fields `code`, from an app, and `remember`. */
  'second-step': SecondStep;

  /** Fields `code`, a recovery code, and `remember`. */
  'recovery-code': SecondStep;

  'lost-factors': {
    action: string;
    /** `none`: only administrators can help. `over`: the wait is, and nobody has said no. */
    state: 'none' | 'offered' | 'waiting' | 'over';
    due?: Date;
    hours: number;
    backUrl: string;
  };

  /** Asks before the wait of whoever says that all second factors are lost is called off. */
  'cancel-wait': {
    action: string;
    hidden: Readonly<Record<string, string>>;
    accountUrl: string;
    done?: boolean;
  };

  /** Buttons `do=set-up`, `do=remove` and `do=codes`. */
  'account-two-step': AccountForm & {
    app: { since: Date; lastUsed?: Date } | null;
    /** How many are left. */
    recoveryCodes: number;
  };

  /** Field `code`: the first one from the app. */
  'account-app': AccountForm & AppSecret;

  /** The same in the middle of a sign-in; the second button posts `skip=yes`. */
  'set-up': AppSecret & {
    action: string;
    errors: Errors;
    /** Where it is not the community that wants it. */
    application?: string;
    /** Until when it may be put off. */
    until?: Date;
    /** To sign in as somebody else. */
    otherUrl: string;
  };

  /** Field `credential`, which a script fills in by what it learns at `optionsUrl`. */
  'account-passkeys': AccountForm & {
    optionsUrl: string;
    passkeys: readonly {
      name: string;
      since: Date;
      lastUsed?: Date;
      /** Or on one device only. */
      isSynced: boolean;
      url: string;
    }[];
  };

  /** Fields `passkey`, given, and `label`; the second button posts `do=remove`. */
  'account-passkey': AccountForm & { passkey: { id: string; name: string; isSynced: boolean } };

  /** Shown once. */
  'account-recovery-codes': {
    codes: readonly string[];
    backUrl: string;
    /** Whether an app was set up just now. */
    isNew?: boolean;
  };
}

interface AppSecret {
  /** A QR code, as a `data:` URL. */
  picture: string;
  /** The same to be typed, in groups. */
  secret: string;
  /** The same for an app on this device: what follows `otpauth://`. */
  app: string;
}

interface SecondStep {
  action: string;
  errors: Errors;
  /** Whether there is one to enter a code from. */
  app: boolean;
  /** Where there is one, which is enough by itself. */
  passkey?: { action: string; optionsUrl: string };
  /** Who has done the first step. */
  account: AccountBadge;
  /** For how long a browser is remembered. */
  days: number;
  remember: boolean;
  /** For whoever has neither app nor codes. */
  lostUrl: string;
  /** To the other of the two pages. */
  insteadUrl: string;
  /** To sign in as somebody else. */
  otherUrl: string;
}
