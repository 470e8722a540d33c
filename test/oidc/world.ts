import { randomBytes, randomUUID } from 'node:crypto';
import { insertAccount } from '../../src/accounts/accounts.store.ts';
import { parseEmail } from '../../src/accounts/email-address.ts';
import { PasswordHasher } from '../../src/accounts/password-hasher.ts';
import { type Client, insertClient } from '../../src/clients/clients.store.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { loadFingerprints } from '../../src/secrets/data-key.store.ts';
import type { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { type Service, type ServiceOptions, startService } from '../support/service.ts';

export type Person = {
  id: string;
  tenantId: string;
  email: string;
  handle: string;
  name: string;
  password: string;
};

export type NewTenant = { slug?: string; domain?: string; signUp?: 'open' | 'closed' };

/** A service of its own, with the hands of its operator: a look into its database and its keys. */
export type World<S extends Service = Service> = {
  service: S;
  url: string;
  issuer: string;
  database: Database;
  fingerprints: Fingerprints;
  ring: KeyRing;
  defaultTenantId: string;
  addTenant(tenant?: NewTenant): Promise<{ id: string; slug: string }>;
  /** Confidential, of the operator's own, for all tenants, unless told otherwise. */
  addClient(client?: Partial<Client>): Promise<Client & { secret: string }>;
  /** Verified, with a handle and a password, in the default tenant unless told otherwise. */
  addPerson(person?: Partial<Person>): Promise<Person>;
  close(): Promise<void>;
};

export const callback = 'https://app.example/callback';
const password = 'violet-kettle-47';

export async function openWorld(options: ServiceOptions = {}): Promise<World> {
  return furnish(await startService(options));
}

export async function furnish<S extends Service>(service: S): Promise<World<S>> {
  const { url, issuer, dataDir, databaseUrl } = service;
  const config = loadConfig({ DATA_DIR: dataDir, PUBLIC_URL: url });
  const database = await openDatabase({ url: databaseUrl, poolSize: 4 });
  const ring = new KeyRing(config.encryptionKeys);
  const fingerprints = await loadFingerprints(database, ring);
  const [tenant] = await database.query<{ id: string }>('select id from tenants where is_default');
  const defaultTenantId = (tenant as { id: string }).id;
  const passwordHash = await new PasswordHasher(config.passwordHash).hash(password);
  return {
    ...{ service, url, issuer, database, fingerprints, ring, defaultTenantId },
    addTenant: (order) => addTenant(database, order),
    addClient: (order) => addClient(database, fingerprints, order),
    addPerson: (order) =>
      addPerson(database, passwordHash, { tenantId: defaultTenantId, ...order }),
    async close() {
      await database.close();
      await service.stop();
    },
  };
}

/** Letters only: a run of digits in a mail is a code. */
function newSlug(): string {
  return `t${[...randomBytes(10)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')}`;
}

async function addTenant(database: Database, { slug, domain, signUp = 'open' }: NewTenant = {}) {
  const tenant = { id: randomUUID(), slug: slug ?? newSlug() };
  await database.query(
    'insert into tenants (id, slug, name, sign_up, offered) values ($1, $2, $2, $3, true)',
    [tenant.id, tenant.slug, signUp],
  );
  if (domain) {
    await database.query(
      'insert into tenant_domains (domain, tenant_id, is_primary) values ($1, $2, true)',
      [domain, tenant.id],
    );
  }
  return tenant;
}

async function addClient(
  database: Database,
  fingerprints: Fingerprints,
  order: Partial<Client> = {},
): Promise<Client & { secret: string }> {
  const secret = randomBytes(24).toString('base64url');
  const { tokenEndpointAuthMethod = 'client_secret_basic' } = order;
  const hasSecret = tokenEndpointAuthMethod.startsWith('client_secret');
  const client: Client = {
    id: `app_${randomBytes(4).toString('hex')}`,
    name: 'Acme Chat',
    secretHash: hasSecret ? fingerprints.of('client-secret', secret) : null,
    tokenEndpointAuthMethod,
    redirectUris: [callback],
    postLogoutRedirectUris: ['https://app.example/signed-out'],
    grantTypes: ['authorization_code', 'refresh_token'],
    scopes: ['openid', 'profile', 'email', 'tenant', 'offline_access'],
    jwks: null,
    firstParty: true,
    pkceRequired: true,
    idTokenSignedResponseAlg: 'RS256',
    requirePushedAuthorizationRequests: false,
    dpopBoundAccessTokens: false,
    acr: null,
    backchannelLogoutUri: null,
    idpId: null,
    clientUri: null,
    logoUri: null,
    handoffOrigins: [],
    handoffTargets: [],
    allTenants: (order.tenantIds ?? []).length === 0,
    tenantIds: [],
    disabledAt: null,
    ...order,
  };
  await insertClient(database, client);
  return { ...client, secret };
}

async function addPerson(
  database: Database,
  passwordHash: string,
  order: Partial<Person> & { tenantId: string },
): Promise<Person> {
  const handle = order.handle ?? `p${randomBytes(5).toString('hex')}`;
  const person = { name: 'Ada Lovelace', email: `${handle}@mail.example`, ...order };
  const { email, key: emailKey } = parseEmail(person.email) ?? {};
  const { id } = await insertAccount(database, {
    ...{ tenantId: person.tenantId, name: person.name, email, emailKey, emailVerified: true },
    passwordHash,
    locale: 'en',
  });
  await database.query(
    `insert into handles (handle, account_id, tenant_id, state) values ($1, $2, $3, 'active')`,
    [handle, id, person.tenantId],
  );
  return { ...person, id, handle, password };
}
