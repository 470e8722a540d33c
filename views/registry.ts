/**
 * What every page needs to be rendered. `renderPage` takes a name and the context declared here;
 * `views/samples.ts` holds examples of each, which the page test renders in every language.
 *
 * All texts come from `views/messages/`; contexts carry data, never sentences.
 * Dates are `Date`, and URLs may be relative to the public origin.
 */
import type { AccountPages } from './registry.account.ts';
import type { AdmissionPages } from './registry.admission.ts';
import type { FactorPages } from './registry.factors.ts';
import type { UpstreamPages } from './registry.upstream.ts';

/** What stands around every page: who is asking, in which language. */
export interface Layout {
  /** BCP 47 tag of a language in `views/messages/`. */
  lang: string;
  brand: {
    name: string;
    /** Path on this origin or a `data:` URL: the content policy allows no other images. */
    logoUrl?: string;
    /** One character, shown where there is no logo. */
    initial: string;
    /** URL of the tenant's generated style sheet (see `brandingCss`). */
    stylesheet: string;
    url?: string;
  };
  application?: Application;
  footer: {
    privacyUrl?: string;
    termsUrl?: string;
    /** Every language the tenant offers; the switch is left out when there is only one. */
    languages: readonly { lang: string; name: string; url: string; current: boolean }[];
  };
  requestId: string;
  /** Whose account the forms of this page change: goes back with them as `owner`. */
  owner?: string;
}

export interface Application {
  name: string;
  /** Path on this origin or a `data:` URL. */
  logoUri?: string;
}

/** A code of `errors.*` (or `handle.*` for the field `handle`) in the messages. */
export interface FieldError {
  code: string;
  params?: Readonly<Record<string, string | number>>;
}

/** Errors by field name; `form` is about the form as a whole. */
export type Errors = Readonly<Record<string, FieldError>>;

/** A way to sign in besides email. Known ids (`google`, `bluesky`) get their owner's mark. */
export interface Way {
  id: string;
  name: string;
  url: string;
  lastUsed: boolean;
}

/** Documents whose acceptance is recorded. The box is `name="terms" value=<version>`. */
export interface Terms {
  version: string;
  /** Ticked before, in a form that comes back with errors. */
  accepted?: boolean;
  termsUrl?: string;
  privacyUrl?: string;
}

export interface AccountBadge {
  name: string;
  handle: string;
  picture?: string;
}

/** What a code is for; decides the words of the page and of the mail. */
export type CodePurpose = 'sign-in' | 'sign-up' | 'recovery' | 'email-change' | 'confirm';

export interface Pages extends AccountPages, AdmissionPages, FactorPages, UpstreamPages {
  error: {
    /** Stable code; words are `error.<code>.title` and `.detail`, else those of the status. */
    code: string;
    status: number;
    /** Replaces the words of the code. For texts that an application sent: shown as plain text. */
    heading?: string;
    detail?: string;
    /** `label` is a message key below `action.` such as `try_again`, `home`, `back_to_application`. */
    action?: { label: string; url: string };
  };

  home: {
    account?: { name: string; handle: string };
    accountUrl: string;
    /** Development only. */
    tryUrl?: string;
    /** A key below `notice.`: what was just done. */
    notice?: 'account_deleted' | 'accounts_merged';
  };

  /** Fields `email`, `password`, `remember`; the second button posts `with=code`. */
  'sign-in': {
    action: string;
    /** What was typed or hinted: an email or a handle. */
    value: string;
    errors: Errors;
    ways: readonly Way[];
    /** Where browsers know them. Fields `credential`, which a script fills in, and `remember`. */
    passkey?: { action: string; optionsUrl: string };
    signUpUrl?: string;
    recoveryUrl: string;
    cancelUrl?: string;
    chooserUrl?: string;
    remember: boolean;
    /** The account that must prove itself again. */
    knownAs?: AccountBadge;
    /**
     * The provider to connect to the account that has this address, once that is signed in to; where
     * the address is `proved` by code already, a press is enough.
     */
    linking?: { provider: string; email: string; proved?: boolean };
    /** Where people with an address of this domain sign in, once such an address was typed. */
    home?: { domain: string; name: string; url: string };
    /** The account that another one, which is asked for here, is to be merged with. */
    merging?: { handle: string };
  };

  /** Field `email`, and `tenant` where there is a choice. */
  'sign-up': {
    action: string;
    value: string;
    errors: Errors;
    ways: readonly Way[];
    signInUrl: string;
    cancelUrl?: string;
    /** Open communities to choose from. */
    tenants?: readonly { slug: string; name: string }[];
    tenant?: string;
    terms?: Terms;
  };

  /** Field `code`. Asking for another code is a form of its own, after the main one. */
  code: {
    action: string;
    purpose: CodePurpose;
    email: string;
    errors: Errors;
    /** How long the code is: 6, more while somebody is guessing. */
    digits: number;
    minutes: number;
    resendAction: string;
    /** Seconds until another code may be asked for; 0 means now. */
    resendSeconds: number;
    /** Set after a resend. */
    resent?: boolean;
    changeUrl: string;
    /** The mail also holds a link. */
    link?: boolean;
  };

  /**
   * Fields `name`, `handle`, `terms`. Suggestions post `suggestion=<handle>` and come back with the
   * field filled. `availabilityUrl` answers `?handle=` with `{handle, available, reason, suggestions}`.
   */
  profile: {
    action: string;
    name: string;
    handle: string;
    /** The homeserver's name, the part of the address after the colon. */
    serverName: string;
    errors: Errors;
    suggestions: readonly string[];
    availabilityUrl: string;
    /** Set when `handle` is known to be free right now. */
    available?: boolean;
    terms?: Terms;
    cancelUrl?: string;
  };

  /** Field `password`; the second button posts `skip=yes`. Empty means none. */
  password: { action: string; email: string; handle: string; errors: Errors; skip: boolean };

  /** Field `email`: an email or a handle. */
  recovery: { action: string; value: string; errors: Errors; signInUrl: string };

  /** Asks before the link of a recovery mail is used up. */
  'recovery-link': { action: string; email: string; hidden: Readonly<Record<string, string>> };

  /** Field `password`. */
  'new-password': { action: string; handle: string; errors: Errors };

  /** Field `tenant`: the communities in which the proved address has an account. */
  'choose-community': {
    action: string;
    communities: readonly { slug: string; name: string; handle: string }[];
  };

  /** Each account is a button `name="account" value=<id>`. */
  chooser: {
    action: string;
    accounts: readonly (AccountBadge & { id: string; community?: string })[];
    addUrl: string;
  };

  /** `hidden` goes back unchanged; the second button posts `decline=yes`. Handles are whole addresses. */
  handoff: {
    action: string;
    hidden: Readonly<Record<string, string>>;
    /** The platform that says who the person is. */
    platform: string;
    application: Application;
    account: AccountBadge;
    /** Who is signed in in this browser, and stays so. */
    current?: AccountBadge;
  };

  /** The second button posts `deny=yes`. Named by `scope.<name>`, and by `claim.<name>`. */
  consent: {
    action: string;
    application: Application;
    scopes: readonly string[];
    /** What is asked for beyond these scopes, one by one. */
    claims: readonly string[];
    account: AccountBadge;
    /** Where the answer goes, shown so that a look-alike application is noticed. */
    redirectHost?: string;
    switchUrl?: string;
  };

  /** Field `user_code`; `hidden` goes back unchanged. */
  device: {
    action: string;
    userCode: string;
    errors: Errors;
    hidden: Readonly<Record<string, string>>;
  };

  /** `hidden` goes back unchanged; the second button posts `abort=yes`. */
  'device-confirm': {
    action: string;
    application: Application;
    userCode: string;
    account?: AccountBadge;
    hidden: Readonly<Record<string, string>>;
  };

  'device-done': { success: boolean };

  /** Sends itself on, where there are scripts; `hidden` goes unchanged. */
  'auto-submit': {
    action: string;
    hidden: Readonly<Record<string, string>>;
    /** Where the form ends, if that is outside. */
    application?: Application;
  };

  /** The page that was left open belongs to somebody who is not signed in here any more. */
  switched: {
    /** Who is signed in now, if anybody. */
    account?: AccountBadge;
    continueUrl: string;
    chooserUrl?: string;
  };

  /** The primary button posts `logout=yes`. */
  'sign-out': {
    action: string;
    hidden: Readonly<Record<string, string>>;
    application?: Application;
    account?: AccountBadge;
    /** Signed in here too; field `all` signs them out as well. */
    others?: readonly AccountBadge[];
    cancelUrl?: string;
  };

  'signed-out': { application?: Application; url?: string };

  /** Development only: what a sign-in gave. */
  try: {
    startUrl: string;
    claims?: Readonly<Record<string, unknown>>;
    /** Seconds by the name of the token. */
    lifetimes?: Readonly<Record<string, number>>;
    error?: { code: string; description?: string };
  };

  /** Reloads itself until the account is ready. */
  waiting: { url: string; refreshSeconds: number; handle: string; serverName: string };
}

export type PageName = keyof Pages;
