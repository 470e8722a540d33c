import { readFileSync } from 'node:fs';
import type { Config } from './config/config.ts';
import { relyingPartyOf } from './factors/relying-party.ts';
import type { Log } from './http/log.ts';

/** Says that the service runs, and as what: to a person in development, to the log in production. */
export function greet(config: Config, log: Log): void {
  if (config.production) log.info({ started: summary(config) }, 'started');
  else welcome(config);
  for (const warning of config.warnings) log.warn(warning);
  if (config.production && config.role !== 'worker' && !relyingPartyOf(config.publicUrl)) {
    log.warn(
      'passkeys are not offered: browsers know them only at a name with TLS, not at PUBLIC_URL',
    );
  }
}

/** What an operator compares with what they meant. */
function summary({ host, port, publicUrl, role, databaseUrl, dataDir, matrix }: Config) {
  const { version } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  return {
    version,
    node: process.version,
    role,
    listens: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    publicUrl,
    database: databaseUrl ? withoutSecrets(databaseUrl) : `embedded in ${dataDir}`,
    serverName: matrix.serverName,
    homeserver: matrix.synapseUrl ?? 'none',
  };
}

/** Server and name of the database: neither who we are there nor by what password. */
function withoutSecrets(text: string): string {
  const { protocol, host, pathname, searchParams } = new URL(text);
  return `${protocol}//${host || (searchParams.get('host') ?? '')}${pathname}`;
}

const passkeysElsewhere =
  'no: browsers know none at an address. PUBLIC_URL=http://localhost:3000 has them';

function welcome(config: Config): void {
  console.log(`
OpenMeet ID listens on ${config.publicUrl}
  issuer      ${config.issuer}
  data        ${config.dataDir}${config.databaseUrl ? '' : ' (embedded PostgreSQL)'}
  mail        ${config.smtpUrl ? 'by SMTP' : `${config.dataDir}/mail, and here`}
  passkeys    ${relyingPartyOf(config.publicUrl) ? 'yes' : passkeysElsewhere}

Next:
  try a sign-in            ${config.publicUrl}/try
  connect a Synapse        npm run cli -- synapse config
  or start one for a test  npm run demo
`);
}
