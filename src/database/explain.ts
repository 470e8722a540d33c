import { AppError } from '../errors.ts';
import { DatabaseAway } from './away.ts';

type Explain = (at: Place) => string;
type Place = { host: string; user: string; name: string };

const unreachable: Explain = ({ host }) =>
  `PostgreSQL at ${host} cannot be reached from here: check the host and port in DATABASE_URL, and what lies between.`;
const unknownHost: Explain = ({ host }) =>
  `No name server knows the host of ${host}: correct it in DATABASE_URL.`;
const untrusted: Explain = ({ host }) =>
  `The certificate of PostgreSQL at ${host} is not one that this machine trusts for that name: mend it, or give its authority by sslrootcert in DATABASE_URL.`;
const notAllowed: Explain = ({ user, name }) =>
  `The user "${user}" may not make tables in the database "${name}": let it own that database, or name its owner in DATABASE_URL.`;
const noSpace: Explain = ({ host }) =>
  `The disk of PostgreSQL at ${host} is full: make room on it.`;

/** By SQLSTATE, or by the code of the connection's error. */
const sentences: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: ({ host }) =>
    `No PostgreSQL answers at ${host}: start it, or correct DATABASE_URL.`,
  ECONNRESET: ({ host }) =>
    `What answers at ${host} cuts the connection and may be no PostgreSQL: check DATABASE_URL.`,
  ENOENT: ({ host }) =>
    `There is no socket of PostgreSQL at ${host}: start it, or correct DATABASE_URL.`,
  EACCES: ({ host }) =>
    `This user may not use the socket of PostgreSQL at ${host}: correct DATABASE_URL or its permissions.`,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
  '28P01': ({ user }) =>
    `PostgreSQL refuses the password of the user "${user}": correct it in DATABASE_URL.`,
  '28000': ({ user, name, host }) =>
    `PostgreSQL at ${host} does not let the user "${user}" into the database "${name}": correct DATABASE_URL, or its pg_hba.conf.`,
  '3D000': ({ name, host }) =>
    `There is no database "${name}" at ${host}: create it, or correct DATABASE_URL.`,
  '42501': notAllowed,
  '25006': ({ host }) =>
    `PostgreSQL at ${host} only reads: let DATABASE_URL lead to the primary server.`,
  '53100': noSpace,
  '53300': ({ host }) =>
    `PostgreSQL at ${host} has no connection left: raise its max_connections, or lower DATABASE_POOL_SIZE.`,
  '57P03': ({ host }) => `PostgreSQL at ${host} is starting or stopping: try again in a moment.`,
};

const byWords: [RegExp, Explain][] = [
  [/timeout|terminated due to connection timeout/i, unreachable],
  [
    /client password must be a string|password must be a/,
    ({ user }) => `PostgreSQL wants a password of the user "${user}": put it into DATABASE_URL.`,
  ],
  [
    /does not support SSL/,
    ({ host }) =>
      `PostgreSQL at ${host} speaks no TLS: turn it on there, or take sslmode out of DATABASE_URL.`,
  ],
  [/Connection terminated|Received unexpected|stream/i, sentences.ECONNRESET as Explain],
];

/** The same error in words for whoever runs this program, where it is one of the database's. */
export function explained(error: unknown, url: string): unknown {
  return (error instanceof DatabaseAway && explainDatabase(error.cause, url)) || error;
}

/**
 * One sentence about why the database at `url` cannot be used, for whoever runs this program; nothing
 * for what is not theirs to mend. For errors of the driver only.
 */
export function explainDatabase(error: unknown, url: string): AppError | undefined {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const explain = sentences[code] ?? byWords.find(([words]) => words.test(message))?.[1];
  if (!explain) return undefined;
  return new AppError('database_unusable', { message: explain(placeOf(url)), cause: error });
}

/** Without the password. */
function placeOf(text: string): Place {
  const url = new URL(text);
  const host = url.hostname || url.searchParams.get('host') || 'this machine';
  return {
    host: url.port ? `${host}:${url.port}` : host,
    user: decodeURIComponent(url.username) || 'of this process',
    name: decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username),
  };
}
