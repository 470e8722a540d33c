import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import * as format from './formats.ts';
import { matrixSettings } from './matrix-settings.ts';
import type { Setting } from './setting.ts';

/** Every setting this program knows, in the order of the documentation. */
export const settings = {
  NODE_ENV: {
    description: 'What this process is for. `production` makes the checks strict.',
    schema: format.oneOf('development', 'test', 'production'),
    default: 'development',
  },
  ROLE: {
    description:
      'What this process does: answer requests (`web`), run queued work (`worker`) or both. Also given as `--role`. Only a worker holds MATRIX_ACCESS_TOKEN.',
    schema: format.oneOf('web', 'worker', 'both'),
    default: 'both',
  },
  HOST: {
    description: 'Address to listen on.',
    schema: format.matching('a host name or IP address', /^[A-Za-z0-9.:-]+$/),
    default: '127.0.0.1',
  },
  PORT: {
    description: 'Port to listen on.',
    schema: format.wholeNumber(1, 65535),
    default: '3000',
  },
  PUBLIC_URL: {
    description:
      'The address people and applications use. Every link is made from it; the issuer is PUBLIC_URL + `/oidc`.',
    schema: format.origin,
    otherwise: '`http://127.0.0.1:PORT`',
    production: 'Set it to the https:// address that people use.',
  },
  TRUSTED_PROXIES: {
    description:
      'Addresses or networks of the reverse proxies whose `X-Forwarded-For` counts, separated by commas, or `none`. Where PUBLIC_URL is https, production must be told: with a proxy that is not named, everybody has its one address, and one stranger uses up the tries of all.',
    schema: format.networksOrNone,
    otherwise: 'none',
  },
  DATA_DIR: {
    description:
      'Where development secrets, mail and the embedded database live. Relative to the working directory.',
    schema: format.text,
    default: '.data',
  },
  DATABASE_URL: {
    description: 'PostgreSQL to use, such as `postgres://user:password@host/database`.',
    schema: format.address('postgres:', 'postgresql:'),
    otherwise: 'an embedded PostgreSQL in DATA_DIR',
    secret: true,
    production: 'Set it to postgres://user:password@host/database.',
  },
  DATABASE_POOL_SIZE: {
    description: 'Connections that this process keeps at most.',
    schema: format.wholeNumber(2, 1000),
    default: '10',
  },
  ENCRYPTION_KEYS: {
    description:
      'Keys that seal secrets in the database: 32 bytes each, in base64, separated by commas. The first seals, all open.',
    schema: format.keys,
    otherwise: 'made on first start and kept in DATA_DIR',
    secret: true,
    production: 'Make a key with: openssl rand -base64 32',
  },
  SMTP_URL: {
    description:
      'Mail server, such as `smtps://user:password@host`, or `smtp://user:password@host:587?requireTLS=true` for one that begins in the clear (STARTTLS).',
    schema: format.address('smtp:', 'smtps:'),
    otherwise: 'mail is written to DATA_DIR/mail',
    secret: true,
    production: 'Set it to smtps://user:password@host.',
  },
  MAIL_FROM: {
    description: 'Sender of all mail: one mailbox.',
    schema: format.mailbox,
    default: 'OpenMeet <no-reply@localhost>',
    production: 'Set it to the sender of all mail.',
  },
  SESSION_IDLE_DAYS: {
    description: 'Days without use after which a browser is signed out.',
    schema: format.wholeNumber(1, 365),
    default: '30',
  },
  SESSION_MAX_DAYS: {
    description:
      'Days after which a browser is signed out, however much it is used, since its person last gave a password, a code or the like.',
    schema: format.wholeNumber(1, 3650),
    default: '90',
  },
  ...matrixSettings,
  GOOGLE_CLIENT_ID: {
    description: "Client id of this service at Google. Turns 'Continue with Google' on.",
    schema: format.text,
    otherwise: 'no sign-in with Google',
  },
  GOOGLE_CLIENT_SECRET: {
    description: 'Its secret.',
    schema: format.text,
    otherwise: 'no sign-in with Google',
    secret: true,
  },
  GOOGLE_ISSUER: {
    description: 'For tests only: who signs ID tokens in the place of Google.',
    schema: format.origin,
    default: 'https://accounts.google.com',
  },
  GOOGLE_AUTHORIZATION_URL: {
    description: 'For tests only: where browsers sign in in the place of Google.',
    schema: format.address('https:', 'http:'),
    default: 'https://accounts.google.com/o/oauth2/v2/auth',
  },
  GOOGLE_TOKEN_URL: {
    description: 'For tests only: where codes are redeemed in the place of Google.',
    schema: format.address('https:', 'http:'),
    default: 'https://oauth2.googleapis.com/token',
  },
  GOOGLE_JWKS_URL: {
    description: 'For tests only: the keys of ID tokens in the place of Google.',
    schema: format.address('https:', 'http:'),
    default: 'https://www.googleapis.com/oauth2/v3/certs',
  },
  BLUESKY_SIGN_IN: {
    description:
      "Whether 'Continue with Bluesky' is offered. It needs no account at Bluesky; PUBLIC_URL must be https or, for development, `http://127.0.0.1:…`.",
    schema: format.oneOf('on', 'off'),
    default: 'on',
  },
  BLUESKY_PLC_URL: {
    description: 'Directory of `did:plc` identifiers.',
    schema: format.origin,
    default: 'https://plc.directory',
  },
  BLUESKY_HANDLE_RESOLVER: {
    description:
      'Server that is asked to whom a Bluesky handle belongs, such as `https://public.api.bsky.app`.',
    schema: format.origin,
    otherwise: "DNS and the handle's own host are asked",
  },
  UPSTREAM_ALLOWED_NETWORKS: {
    description:
      'Networks that are not public in which providers of other sign-ins may live, separated by commas. They may use plain http.',
    schema: format.networks,
    otherwise: 'only public addresses, by https',
  },
  CONSOLE: {
    description:
      'Whether the API of administrators (`/admin/api/v1`) answers. In production it is off until this turns it on.',
    schema: format.oneOf('on', 'off'),
    otherwise: '`on` in development, `off` in production',
  },
  CONSOLE_ALLOWED_NETWORKS: {
    description:
      'Addresses or networks from which administrators work, separated by commas: all others are refused.',
    schema: format.networks,
    otherwise: 'anywhere',
  },
  HANDLE_RESERVED_WORDS: {
    description:
      'Words, beyond the built-in ones, that nobody can take as a handle; commas between.',
    schema: format.words,
    otherwise: 'none',
  },
  HANDLE_RESERVED_PATTERNS: {
    description: 'Regular expressions of handles that nobody can take; spaces between.',
    schema: format.patterns,
    otherwise: 'none',
  },
  HANDLE_APPSERVICE_NAMESPACES: {
    description:
      'Regular expressions of the exclusive user namespaces of application services, as registered; spaces between. Nobody can take a handle in them.',
    schema: format.patterns,
    otherwise: 'none',
  },
  LOST_FACTOR_HOURS: {
    description:
      'Hours that somebody who has lost app and recovery codes waits, while every address of the account is told and can say no.',
    schema: format.wholeNumber(1, 720),
    default: '24',
  },
  PASSWORD_HASH_MEMORY_KIB: {
    description: 'Memory of one Argon2id hash in KiB. Raising it re-hashes at the next sign-in.',
    schema: format.wholeNumber(8, 4_194_304),
    default: '19456',
  },
  PASSWORD_HASH_ITERATIONS: {
    description: 'Passes of one Argon2id hash.',
    schema: format.wholeNumber(1, 100),
    default: '2',
  },
  PASSWORD_HASH_PARALLELISM: {
    description: 'Lanes of one Argon2id hash.',
    schema: format.wholeNumber(1, 64),
    default: '1',
  },
  PASSWORD_HASH_CONCURRENCY: {
    description: 'Hashes that this process computes at once; the others wait.',
    schema: format.wholeNumber(1, 64),
    otherwise: 'one per processor, at most 4',
  },
  PASSWORD_BREACHES_URL: {
    description:
      'Whom to ask whether a new password was in a breach: the range API of Have I Been Pwned, `https://api.pwnedpasswords.com/range/`, or a server of your own that speaks it. It is told five of the forty digits of a hash, nothing of the person. Without an answer in two seconds the password is accepted.',
    schema: format.address('https:', 'http:'),
    otherwise: 'nobody is asked; a built-in list of 49 thousand counts',
  },
  METRICS_TOKEN: {
    description: 'Bearer token that opens `/metrics`.',
    schema: format.text,
    otherwise: '`/metrics` is closed',
    secret: true,
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    description:
      'Collector of traces, such as `http://127.0.0.1:4318`: it gets spans by OTLP over HTTP at `/v1/traces` below it.',
    schema: format.collector,
    otherwise: 'nothing is traced',
  },
  LOG_LEVEL: {
    description: 'Least severe line that is logged.',
    schema: format.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

type Value<S extends Setting> = S extends { default: string }
  ? z.output<S['schema']>
  : z.output<S['schema']> | undefined;

export type Settings = { readonly [Name in SettingName]: Value<(typeof settings)[Name]> };

export const settingEntries = Object.entries(settings) as [SettingName, Setting][];

/** What the environment says, interpreted, with all that is wrong about it. */
export interface Reading {
  /** Trustworthy only where `problems` is empty. */
  values: Settings;
  given: ReadonlySet<string>;
  problems: string[];
}

/** Reads every setting from the environment or, for secrets, from the file it names. */
export function readSettings(env: NodeJS.ProcessEnv): Reading {
  const values: Record<string, unknown> = {};
  const given = new Set<string>();
  const problems: string[] = [];
  for (const [name, setting] of settingEntries) {
    try {
      const raw = setting.secret ? secretText(env, name) : env[name];
      // An empty variable is how shells and compose files say "not given".
      if (raw) given.add(name);
      const effective = raw || setting.default;
      if (effective === undefined) continue;
      const parsed = setting.schema.safeParse(effective);
      if (parsed.success) values[name] = parsed.data;
      else problems.push(`${name} ${parsed.error.issues[0]?.message}.`);
    } catch (error) {
      given.add(name);
      problems.push((error as Error).message);
    }
  }
  return { values: values as Settings, given, problems };
}

function secretText(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const path = env[`${name}_FILE`];
  if (!path) return env[name];
  if (env[name]) throw new Error(`${name} and ${name}_FILE are both given. Remove one.`);
  const content = readSecretFile(name, path).replace(/(\r?\n)+$/, '');
  if (content === '') throw new Error(`${name}_FILE names an empty file.`);
  return content;
}

function readSecretFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${name}_FILE names a file that cannot be read (${code}): ${path}`);
  }
}
