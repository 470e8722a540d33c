import type { BreachedPasswords } from '../accounts/breached-passwords.ts';
import type { EmailCodes } from '../accounts/codes.ts';
import type { Outside } from '../accounts/lifecycle.ts';
import type { EmailLinks } from '../accounts/links.ts';
import type { PasswordHasher } from '../accounts/password-hasher.ts';
import type { Provisioning } from '../accounts/reserve-handle.ts';
import type { SignInLimits } from '../accounts/sign-in-limits.ts';
import type { ClientDirectory } from '../clients/directory.ts';
import type { Database } from '../database/database.ts';
import type { Connectors } from '../federation/connectors.ts';
import type { UpstreamRequests } from '../federation/requests.ts';
import type { HandlePolicy } from '../handles/policy.ts';
import type { CookieNames } from '../http/cookies.ts';
import type { Log } from '../http/log.ts';
import type { RateLimits } from '../http/rate-limits.ts';
import type { MailQueue } from '../mail/queue.ts';
import type { CurrentProvider } from '../oidc/current-provider.ts';
import type { SessionLimits } from '../oidc/lifetimes.ts';
import type { Subjects } from '../oidc/subjects.ts';
import type { Tenancy } from '../oidc/tenancy.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import type { Pages } from '../tenants/pages.ts';

/** What `app.ts` has for the pages of a sign-in and of the account. None of them takes it whole: see `Needs`. */
export type PageDependencies = {
  log: Log;
  database: Database;
  fingerprints: Fingerprints;
  ring: KeyRing;
  current: CurrentProvider;
  clients: ClientDirectory;
  subjects: Subjects;
  tenancy: Tenancy;
  pages: Pages;
  cookies: CookieNames;
  sessions: SessionLimits;
  secureCookies: boolean;
  publicUrl: string;
  serverName: string;
  hasher: PasswordHasher;
  breaches: BreachedPasswords;
  codes: EmailCodes;
  links: EmailLinks;
  limits: SignInLimits;
  rateLimits: RateLimits;
  /** How long whoever has lost all second factors waits. */
  lostFactorHours: number;
  /** What a change of an account sets in motion elsewhere. */
  outside: Outside;
  mail: MailQueue;
  handlePolicy: HandlePolicy;
  /** Ways to sign in with others. */
  connectors: Connectors;
  upstreamRequests: UpstreamRequests;
  provisioning?: Provisioning;
};

/** What a page, or a part of one, declares that it needs: it sees nothing else. */
export type Needs<Name extends keyof PageDependencies> = Pick<PageDependencies, Name>;

/** What it takes to finish a sign-in. */
export type Finishing = 'connectors' | 'outside' | 'publicUrl' | 'ring' | 'subjects';
