import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Names under which a secret could stray into a log line; their values are never written. */
const secretNames = [
  'password',
  'code',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'secret',
  'authorization',
  'cookie',
];

/** JSON lines on standard output. Requests are logged by path, never with a query or a body. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [...secretNames, ...secretNames.map((name) => `*.${name}`), 'headers', '*.headers'],
      censor: '[redacted]',
    },
    formatters: { level: (label) => ({ level: label }) },
  });
}
