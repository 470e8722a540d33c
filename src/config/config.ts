import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { RoomSettings } from '../entities/room.ts';
import { ConfigError } from './config-error.ts';
import { developmentKeys } from './development-secrets.ts';
import { type Reading, readSettings, type SettingName, type Settings } from './environment.ts';
import { keys } from './formats.ts';
import { productionProblems } from './production.ts';
import { roleWarnings } from './role-warnings.ts';
import { unknownNames } from './unknown-names.ts';

export interface Config {
  readonly production: boolean;
  readonly role: 'web' | 'worker' | 'both';
  /** What to say at start of settings that are hardly meant so. */
  readonly warnings: readonly string[];
  readonly host: string;
  readonly port: number;
  /** An origin, without trailing slash. */
  readonly publicUrl: string;
  readonly issuer: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Not given: the embedded server. */
  readonly databaseUrl?: string;
  readonly databasePoolSize: number;
  /** 32 bytes each; the first seals, all open. */
  readonly encryptionKeys: readonly Buffer[];
  /** In CIDR notation. */
  readonly trustedProxies: readonly string[];
  readonly smtpUrl?: string;
  readonly mailFrom: string;
  readonly matrix: {
    readonly serverName: string;
    readonly synapseUrl?: string;
    readonly synapsePublicUrl?: string;
    /** Whether a handle's Matrix user is made before its account. */
    readonly provisioning: boolean;
    /** Never there in the role `web`. */
    readonly accessToken?: string;
    /** By which Synapse proves itself when it reports to us. */
    readonly hsToken?: string;
    readonly rooms: RoomSettings;
  };
  readonly sessions: {
    readonly idleSeconds: number;
    readonly maxSeconds: number;
  };
  /** How long whoever has lost all second factors waits. */
  readonly lostFactorHours: number;
  readonly google: {
    readonly clientId?: string;
    readonly clientSecret?: string;
    readonly issuer: string;
    readonly authorizationUrl: string;
    readonly tokenUrl: string;
    readonly jwksUrl: string;
  };
  readonly bluesky: {
    readonly offered: boolean;
    readonly plcUrl: string;
    readonly handleResolver?: string;
  };
  readonly upstream: {
    /** In CIDR notation: what may be called besides public addresses. */
    readonly allowedNetworks: readonly string[];
  };
  readonly console: {
    readonly on: boolean;
    /** In CIDR notation: from where alone it can be used; not given, from anywhere. */
    readonly allowedNetworks?: readonly string[];
  };
  readonly passwordHash: {
    readonly memoryKiB: number;
    readonly iterations: number;
    readonly parallelism: number;
    readonly concurrency: number;
  };
  readonly handles: {
    readonly reservedWords: readonly string[];
    readonly reservedPatterns: readonly string[];
    readonly appserviceNamespaces: readonly string[];
  };
  /** The range API that tells breached passwords. */
  readonly passwordBreachesUrl?: string;
  readonly metricsToken?: string;
  /** Of a collector of traces, without trailing slash. */
  readonly tracesUrl?: string;
  readonly logLevel: string;
}

const secondsOfDay = 24 * 3600;

/** Settings by name that win over the environment, such as those of the command line. */
export type Overrides = Partial<Record<SettingName, string>>;

/**
 * The configuration of this process. In development it makes, and keeps in DATA_DIR, an encryption
 * key if none is given.
 * @throws ConfigError with all that is unknown, malformed, contradictory, missing or weak
 */
export function loadConfig(env: NodeJS.ProcessEnv, overrides: Overrides = {}): Config {
  const effective = override(env, overrides);
  const reading = readSettings(effective);
  const problems = [
    ...unknownNames(effective),
    ...reading.problems,
    ...contradictions(reading),
    ...(reading.values.NODE_ENV === 'production' ? productionProblems(reading) : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(interpret(reading.values));
}

function override(env: NodeJS.ProcessEnv, overrides: Overrides): NodeJS.ProcessEnv {
  const effective = { ...env };
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    delete effective[`${name}_FILE`];
    effective[name] = value;
  }
  return effective;
}

function contradictions({ values, given }: Reading): string[] {
  const problems: string[] = [];
  const needs = (name: SettingName, other: SettingName) => {
    if (given.has(name) && !given.has(other)) problems.push(`${name} needs ${other} as well.`);
  };
  needs('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET');
  needs('GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID');
  needs('MATRIX_ACCESS_TOKEN', 'SYNAPSE_URL');
  if (values.PASSWORD_HASH_MEMORY_KIB < 8 * values.PASSWORD_HASH_PARALLELISM) {
    problems.push('PASSWORD_HASH_MEMORY_KIB must be at least 8 times PASSWORD_HASH_PARALLELISM.');
  }
  return problems;
}

function interpret(values: Settings): Config {
  const publicUrl = values.PUBLIC_URL ?? `http://${localName(values.HOST)}:${values.PORT}`;
  const dataDir = resolve(values.DATA_DIR);
  return {
    production: values.NODE_ENV === 'production',
    role: values.ROLE,
    warnings: roleWarnings(values),
    host: values.HOST,
    port: values.PORT,
    publicUrl,
    issuer: `${publicUrl}/oidc`,
    dataDir,
    databaseUrl: values.DATABASE_URL,
    databasePoolSize: values.DATABASE_POOL_SIZE,
    encryptionKeys: values.ENCRYPTION_KEYS ?? ownKeys(dataDir),
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM,
    matrix: {
      serverName: values.MATRIX_SERVER_NAME,
      synapseUrl: values.SYNAPSE_URL,
      synapsePublicUrl: values.SYNAPSE_PUBLIC_URL ?? values.SYNAPSE_URL,
      provisioning: values.MATRIX_PROVISIONING
        ? values.MATRIX_PROVISIONING === 'on'
        : values.MATRIX_ACCESS_TOKEN !== undefined,
      ...(values.ROLE === 'web' ? {} : { accessToken: values.MATRIX_ACCESS_TOKEN }),
      hsToken: values.MATRIX_HS_TOKEN,
      rooms: {
        botLocalpart: values.MATRIX_BOT_LOCALPART,
        historyVisibility: values.MATRIX_ROOM_HISTORY,
        encryptedTypes: values.MATRIX_ENCRYPTED_ROOMS ?? [],
        strangers: values.MATRIX_STRANGERS,
        removalShare: values.MATRIX_REMOVAL_SHARE,
        names: values.MATRIX_ROOM_NAMES,
        aliases: values.MATRIX_ROOM_ALIASES,
        spaces: values.MATRIX_TENANT_SPACES === 'on',
        reconcileHours: values.MATRIX_RECONCILE_HOURS,
      },
    },
    sessions: {
      idleSeconds: values.SESSION_IDLE_DAYS * secondsOfDay,
      maxSeconds: values.SESSION_MAX_DAYS * secondsOfDay,
    },
    lostFactorHours: values.LOST_FACTOR_HOURS,
    google: {
      clientId: values.GOOGLE_CLIENT_ID,
      clientSecret: values.GOOGLE_CLIENT_SECRET,
      issuer: values.GOOGLE_ISSUER,
      authorizationUrl: values.GOOGLE_AUTHORIZATION_URL,
      tokenUrl: values.GOOGLE_TOKEN_URL,
      jwksUrl: values.GOOGLE_JWKS_URL,
    },
    bluesky: {
      offered: values.BLUESKY_SIGN_IN === 'on',
      plcUrl: values.BLUESKY_PLC_URL,
      handleResolver: values.BLUESKY_HANDLE_RESOLVER,
    },
    upstream: { allowedNetworks: values.UPSTREAM_ALLOWED_NETWORKS ?? [] },
    console: {
      on: (values.CONSOLE ?? (values.NODE_ENV === 'production' ? 'off' : 'on')) === 'on',
      allowedNetworks: values.CONSOLE_ALLOWED_NETWORKS,
    },
    passwordHash: {
      memoryKiB: values.PASSWORD_HASH_MEMORY_KIB,
      iterations: values.PASSWORD_HASH_ITERATIONS,
      parallelism: values.PASSWORD_HASH_PARALLELISM,
      concurrency: values.PASSWORD_HASH_CONCURRENCY ?? Math.min(4, availableParallelism()),
    },
    handles: {
      // A person who looks like the bot could speak for it.
      reservedWords: [...(values.HANDLE_RESERVED_WORDS ?? []), values.MATRIX_BOT_LOCALPART],
      reservedPatterns: values.HANDLE_RESERVED_PATTERNS ?? [],
      appserviceNamespaces: values.HANDLE_APPSERVICE_NAMESPACES ?? [],
    },
    passwordBreachesUrl: values.PASSWORD_BREACHES_URL,
    metricsToken: values.METRICS_TOKEN,
    tracesUrl: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: values.LOG_LEVEL,
  };
}

function localName(host: string): string {
  if (host === 'localhost') return host;
  return host === '::1' ? '[::1]' : '127.0.0.1';
}

function ownKeys(dataDir: string): Buffer[] {
  try {
    return keys.parse(developmentKeys(dataDir));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is damaged';
    throw new ConfigError([
      `The encryption key in ${dataDir}/secrets cannot be used (${reason}). Give DATA_DIR a directory that this user may write to, or set ENCRYPTION_KEYS.`,
    ]);
  }
}

function deepFreeze<T>(value: T): T {
  // The bytes of a Buffer cannot be frozen.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
