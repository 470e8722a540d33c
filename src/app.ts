import type { Server } from 'node:http';
import type Koa from 'koa';
import { BreachedPasswords } from './accounts/breached-passwords.ts';
import { EmailCodes } from './accounts/codes.ts';
import { KnownBrowsers } from './accounts/known-browsers.ts';
import { EmailLinks } from './accounts/links.ts';
import { PasswordHasher } from './accounts/password-hasher.ts';
import type { Provisioning } from './accounts/reserve-handle.ts';
import { SignInLimits } from './accounts/sign-in-limits.ts';
import { ClientDirectory } from './clients/directory.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import { blueskyOptions } from './federation/atproto/options.ts';
import { OwnConnections } from './federation/connections/own-connections.ts';
import { type Connector, onFirstUse } from './federation/connector.ts';
import { Connectors } from './federation/connectors.ts';
import { createGuardedFetch } from './federation/guarded-fetch.ts';
import { UpstreamRequests } from './federation/requests.ts';
import { handlePolicy } from './handles/policy.ts';
import { cookieNames } from './http/cookies.ts';
import { listenProblem } from './http/listen-problem.ts';
import type { Log } from './http/log.ts';
import { RateLimits } from './http/rate-limits.ts';
import { httpServer } from './http/server.ts';
import { MailQueue } from './mail/queue.ts';
import { CurrentProvider } from './oidc/current-provider.ts';
import type { MatrixDevices } from './oidc/removed-devices.ts';
import { signOutEverywhere } from './oidc/sessions.ts';
import { subjectsOf } from './oidc/subjects.ts';
import { createTenancy } from './oidc/tenancy.ts';
import type { PageDependencies } from './pages/needs.ts';
import { createProviderPages } from './pages/provider-pages.ts';
import type { Fingerprints } from './secrets/fingerprints.ts';
import type { KeyRing } from './secrets/keyring.ts';
import { DefaultBrand } from './tenants/default-brand.ts';
import { Pages } from './tenants/pages.ts';
import { createWeb } from './web.ts';

export type AppParts = {
  config: Config;
  database: Database;
  ring: KeyRing;
  fingerprints: Fingerprints;
  log: Log;
  provisioning?: Provisioning;
  matrixDevices?: MatrixDevices;
};

export type App = {
  parts: PageDependencies;
  current: CurrentProvider;
  web: Koa;
  listen(): Promise<Server>;
  /** Requests in flight finish; new ones are refused. */
  stop(): Promise<void>;
};

/** Puts everything together, for the program and for the tests that start it. */
export async function createApp(app: AppParts): Promise<App> {
  const { config, log } = app;
  const defaultBrand = new DefaultBrand(app.database);
  await defaultBrand.tenant();
  const parts = await assemble(app, defaultBrand);
  const state = { stopping: false };
  const isStopping = () => state.stopping;
  const web = createWeb({ ...parts, config, log, isStopping, defaultBrand });
  let server: Server | undefined;
  return {
    parts,
    current: parts.current,
    web,
    listen: () =>
      new Promise((resolve, reject) => {
        server = httpServer(web).listen(config.port, config.host, () => resolve(server as Server));
        server.once('error', (error) => reject(listenProblem(error, config) ?? error));
      }),
    async stop() {
      state.stopping = true;
      parts.current.stop();
      await new Promise<void>((resolve) => {
        if (!server?.listening) return resolve();
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
  };
}

async function assemble(app: AppParts, defaultBrand: DefaultBrand): Promise<PageDependencies> {
  const { config, database, ring, fingerprints, log } = app;
  const cookies = cookieNames(config.publicUrl);
  const parking = { cookies, ring, secureCookies: config.publicUrl.startsWith('https:') };
  const clients = new ClientDirectory(database);
  const subjects = subjectsOf(database);
  const tenancy = createTenancy(database, clients);
  const pages = new Pages(cookies);
  const mail = new MailQueue({ ring, fingerprints });
  const rateLimits = new RateLimits(database, fingerprints);
  const current = new CurrentProvider(
    {
      database,
      fingerprints,
      rateLimits,
      clients,
      subjects,
      tenancy,
      ...parking,
      sessions: config.sessions,
      matrixDevices: app.matrixDevices,
      pages: createProviderPages({ ...parking, database, pages, subjects, defaultBrand }),
      issuer: config.issuer,
      publicUrl: config.publicUrl,
      synapseUrl: config.matrix.synapseUrl,
    },
    ring,
    (error, doing) => log.error({ err: error }, doing),
    (refused) => log.warn({ refused }, 'client_refused'),
  );
  await current.start();
  return {
    log,
    database,
    fingerprints,
    current,
    clients,
    subjects,
    tenancy,
    pages,
    ...parking,
    sessions: config.sessions,
    lostFactorHours: config.lostFactorHours,
    publicUrl: config.publicUrl,
    serverName: config.matrix.serverName,
    hasher: new PasswordHasher(config.passwordHash),
    breaches: new BreachedPasswords(config.passwordBreachesUrl, (err) =>
      log.warn({ err }, 'breached passwords could not be asked for'),
    ),
    codes: new EmailCodes(fingerprints),
    links: new EmailLinks(fingerprints),
    limits: new SignInLimits({
      db: database,
      limits: rateLimits,
      browsers: new KnownBrowsers(fingerprints),
    }),
    rateLimits,
    outside: {
      endSessions: signOutEverywhere,
      queueMail: (tx, letter) => mail.queue(tx, letter),
      accountUrl: `${config.publicUrl}/account`,
    },
    mail,
    handlePolicy: handlePolicy({ serverName: config.matrix.serverName, ...config.handles }),
    connectors: new Connectors(
      sharedConnectors(app),
      new OwnConnections({ database, ring, fetch: createGuardedFetch(config.upstream) }),
    ),
    upstreamRequests: new UpstreamRequests({ ring, fingerprints }),
    provisioning: app.provisioning,
  };
}

/** The ways to sign in with others that have all they need, in the order in which they are shown. */
function sharedConnectors({ config, ...vault }: AppParts): Connector[] {
  const { clientId, clientSecret } = config.google;
  const bluesky = blueskyOptions(config, vault);
  const connectors: Connector[] = [];
  if (clientId && clientSecret) {
    const google = { ...config.google, clientId, clientSecret };
    connectors.push(
      onFirstUse({ id: 'google', name: 'Google' }, async () =>
        (await import('./federation/google.ts')).createGoogle(google),
      ),
    );
  }
  if (bluesky) {
    connectors.push(
      onFirstUse({ id: 'bluesky', name: 'Bluesky' }, async () =>
        (await import('./federation/atproto/connector.ts')).createBlueskyConnector(bluesky),
      ),
    );
  }
  return connectors;
}
