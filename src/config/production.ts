import { type Reading, settingEntries } from './environment.ts';

/** What production does not put up with: settings that are missing, and settings that are weak. */
export function productionProblems({ values, given }: Reading): string[] {
  const missing = settingEntries.flatMap(([name, { production }]) =>
    production && !given.has(name) ? [`${name} is missing. ${production}`] : [],
  );
  const weak: [boolean, string][] = [
    [
      !!values.ENCRYPTION_KEYS?.some(isGuessable),
      'ENCRYPTION_KEYS holds a key that is not random. Make one with: openssl rand -base64 32',
    ],
    [isExposed(values.PUBLIC_URL), 'PUBLIC_URL must begin with https://.'],
    [
      !!values.PUBLIC_URL?.startsWith('https:') && !given.has('TRUSTED_PROXIES'),
      'TRUSTED_PROXIES is missing. PUBLIC_URL is https, so a reverse proxy stands before this process: name its address as this process sees it, such as 127.0.0.1, or write none if the addresses of people arrive by themselves.',
    ],
    [
      isReadable(values.SMTP_URL),
      'SMTP_URL lets mail with its codes go unencrypted. Begin it with smtps://, or add ?requireTLS=true for a server that begins in the clear (STARTTLS).',
    ],
    [
      isExposed(values.SYNAPSE_PUBLIC_URL),
      'SYNAPSE_PUBLIC_URL must begin with https://: sign-ins pass through it.',
    ],
    [
      given.has('MATRIX_SERVER_NAME') &&
        /(^|\.)example(:\d+)?$/.test(values.MATRIX_SERVER_NAME ?? ''),
      "MATRIX_SERVER_NAME is an example. Set it to the homeserver's server_name: it can never change.",
    ],
    [
      !!values.TRUSTED_PROXIES?.some((network) => network.endsWith('/0')),
      'TRUSTED_PROXIES trusts everyone, so anyone could forge an address. Name the proxies.',
    ],
    [
      values.PASSWORD_HASH_MEMORY_KIB < 7168,
      'PASSWORD_HASH_MEMORY_KIB must be at least 7168: less is cheap to crack.',
    ],
    [
      [
        values.GOOGLE_ISSUER,
        values.GOOGLE_AUTHORIZATION_URL,
        values.GOOGLE_TOKEN_URL,
        values.GOOGLE_JWKS_URL,
      ].some(isExposed),
      'The overrides of Google’s addresses must begin with https://.',
    ],
    [
      isExposed(values.PASSWORD_BREACHES_URL),
      'PASSWORD_BREACHES_URL must begin with https://: who is between could say that a password is good.',
    ],
    [
      values.METRICS_TOKEN !== undefined && values.METRICS_TOKEN.length < 16,
      'METRICS_TOKEN must have at least 16 characters.',
    ],
    [
      values.MATRIX_HS_TOKEN !== undefined && values.MATRIX_HS_TOKEN.length < 32,
      'MATRIX_HS_TOKEN must have at least 32 characters: openmeet-id synapse registration makes one.',
    ],
  ];
  return [...missing, ...weak.filter(([holds]) => holds).map(([, problem]) => problem)];
}

/**
 * Zeros, counters, repeated blocks and typed text. A random key is refused with a chance below
 * one in a hundred million.
 */
function isGuessable(key: Buffer): boolean {
  const steps = key.map((byte, index) => byte - (key[index - 1] ?? 0));
  const typed = key.every((byte) => byte >= 0x20 && byte < 0x7f);
  return typed || new Set(key).size < 18 || new Set(steps).size < 16;
}

const thisMachine = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Plain http beyond this machine can be read and changed on its way. */
function isExposed(origin: string | undefined): boolean {
  if (!origin?.startsWith('http://')) return false;
  return !thisMachine.test(new URL(origin).hostname);
}

/** By whoever is between: without TLS, where TLS may be talked away, or with anybody's certificate. */
function isReadable(smtpUrl: string | undefined): boolean {
  const url = smtpUrl ? URL.parse(smtpUrl) : null;
  if (!url || thisMachine.test(url.hostname)) return false;
  const { protocol, searchParams } = url;
  if (searchParams.has('tls.rejectUnauthorized')) return true;
  const required = searchParams.getAll('requireTLS');
  return protocol !== 'smtps:' && !(required.length === 1 && required[0] === 'true');
}
