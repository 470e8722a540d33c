import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { insertAccount } from '../src/accounts/accounts.store.ts';
import { parseEmail } from '../src/accounts/email-address.ts';
import { type Client, insertClient } from '../src/clients/clients.store.ts';
import type { Database } from '../src/database/database.ts';
import { openDatabase } from '../src/database/open.ts';
import { loadFingerprints } from '../src/secrets/data-key.store.ts';
import { KeyRing } from '../src/secrets/keyring.ts';
import { type RunningProcess, startProcess } from '../synapse/process.ts';
import { type Credentials, redirectUri } from './application.ts';
import { addressOfPerson, passwordHashParameters, peopleCount, personPassword } from './people.ts';

const encryptionKey = randomBytes(32);

/** As `npm start` and the image start it. */
export const nodeOptions = ['--max-semi-space-size=16'];

/** What one deployment is configured by; instances differ in PORT alone. */
export type OwnSettings = { databaseUrl: string; publicPort: number; dataDir: string };

const dataDirs: string[] = [];

process.once('exit', () => {
  for (const dataDir of dataDirs) rmSync(dataDir, { recursive: true, force: true });
});

/** A directory that goes when we do. */
export function makeDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-'));
  dataDirs.push(dataDir);
  return dataDir;
}

/** The real program with the settings of a deployment; it trusts the driver as its proxy. */
export function startOwn(
  { databaseUrl, publicPort, dataDir }: OwnSettings,
  port: number,
): RunningProcess {
  return startProcess(process.execPath, [...nodeOptions, 'src/main.ts'], {
    env: {
      NODE_ENV: 'production',
      PORT: `${port}`,
      PUBLIC_URL: `http://127.0.0.1:${publicPort}`,
      TRUSTED_PROXIES: '127.0.0.1/32',
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      ENCRYPTION_KEYS: encryptionKey.toString('base64'),
      // Nobody listens there: no flow that is measured sends mail.
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'Bench <bench@mail.bench.test>',
      MATRIX_SERVER_NAME: 'matrix.bench.test',
      CONSOLE: 'on',
      LOG_LEVEL: 'warn',
    },
  });
}

/** People and a client for a database that the service has prepared. */
export async function furnish(databaseUrl: string, client: Credentials): Promise<Database> {
  const database = await openDatabase({ url: databaseUrl, poolSize: 2 });
  const fingerprints = await loadFingerprints(database, new KeyRing([encryptionKey]));
  await addClient(database, client.id, fingerprints.of('client-secret', client.secret));
  const [tenant] = await database.query<{ id: string }>('select id from tenants where is_default');
  const tenantId = (tenant as { id: string }).id;
  const passwordHash = await hash(personPassword, passwordHashParameters);
  for (let index = 0; index < peopleCount; index += 1) {
    const { email, key: emailKey } = parseEmail(addressOfPerson(index)) ?? {};
    const account = await insertAccount(database, {
      ...{ tenantId, name: `Person ${index}`, email, emailKey, emailVerified: true },
      passwordHash,
      locale: 'en',
    });
    await database.query(
      `insert into handles (handle, account_id, tenant_id, state) values ($1, $2, $3, 'active')`,
      [`person${index}`, account.id, tenantId],
    );
  }
  return database;
}

async function addClient(database: Database, id: string, secretHash: string): Promise<void> {
  await insertClient(database, clientOf(id, secretHash));
}

/** Confidential, of the operator's own, for all tenants. */
export function clientOf(id: string, secretHash: string): Client {
  return {
    id,
    secretHash,
    name: 'Bench',
    tokenEndpointAuthMethod: 'client_secret_basic',
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [],
    grantTypes: ['authorization_code', 'refresh_token'],
    scopes: ['openid', 'profile', 'email'],
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
    allTenants: true,
    tenantIds: [],
    disabledAt: null,
  };
}

/** How the service keeps a client's secret. */
export async function secretHasher(database: Database): Promise<(secret: string) => string> {
  const fingerprints = await loadFingerprints(database, new KeyRing([encryptionKey]));
  return (secret) => fingerprints.of('client-secret', secret);
}
