/**
 * Which check an answer failed, as far as the library beneath tells: codes and names, so that nothing
 * of what an answer held gets into the audit.
 */
export type Fault = {
  /** The library's code, such as `OAUTH_JWT_TIMESTAMP_CHECK_FAILED`. */
  check?: string;
  /** The claim that was wrong. */
  claim?: string;
  /** OAuth's `error`, as the provider gave it. */
  error?: string;
  /** Of the provider's answer over HTTP. */
  status?: number;
  /** Seconds by which our clock is past the claim; below 0 before it. */
  clockSeconds?: number;
};

type Link = Readonly<Record<string, unknown>>;

const checkCode = /^[A-Z][A-Z0-9_]{2,60}$|^fetch_refused$/;
const errorCode = /^[a-z][a-z0-9_.]{1,60}$/i;
const claimName = /^[\w.:/-]{1,60}$/;

/** What a library threw, be it openid-client, jose, passport or the one for the AT Protocol. */
export function faultOf(thrown: unknown): Fault {
  const fault: Fault = {};
  for (const link of linksOf(thrown)) {
    // The innermost: what wraps it only says that something failed.
    if (link instanceof Error) fault.check = matching(link.code, checkCode) ?? fault.check;
    fault.error ??= matching(errorOf(link), errorCode);
    fault.claim ??= matching(claimOf(link), claimName);
    fault.status ??= statusOf(link);
    fault.clockSeconds ??= clockOf(link);
  }
  return Object.fromEntries(Object.entries(fault).filter(([, value]) => value !== undefined));
}

/** The same as a sentence for the operator, with what most often causes it. */
export function describeFault(thrown: unknown): string {
  const { check, claim, error, status, clockSeconds } = faultOf(thrown);
  const codes = [check, claim, error, status && `HTTP ${status}`].filter(Boolean);
  const words = [libraryWords(thrown), codes.length > 0 ? `(${codes.join(', ')})` : ''];
  const hints = [error && errorHints[error], clockSeconds !== undefined && clockHint(clockSeconds)];
  const sentence = words.filter(Boolean).join(' ');
  return [sentence && `${sentence}.`, ...hints].filter(Boolean).join(' ');
}

const errorHints: Readonly<Record<string, string>> = {
  invalid_client: 'The provider does not take our client id or secret.',
  unauthorized_client: 'The provider does not let our client sign people in this way.',
  invalid_grant: 'The code was used, has expired, or is for another redirect URI or verifier.',
  invalid_scope: 'The provider does not give one of the scopes that the connection asks for.',
};

function clockHint(seconds: number): string {
  const where = seconds < 0 ? 'in the future' : 'in the past';
  return `By our clock that moment is ${Math.abs(seconds)} s ${where}: compare the two clocks.`;
}

/**
 * What the provider said about it, for the log: texts for developers (RFC 6749 §4.1.2.1), without
 * addresses and whatever looks like a token.
 */
export function descriptionOf(thrown: unknown): string | undefined {
  for (const link of linksOf(thrown)) {
    const said = descriptionIn(link);
    if (said) return masked(said);
  }
  return undefined;
}

/** The libraries' own sentences hold no value of an answer; the innermost says most. */
function libraryWords(thrown: unknown): string {
  const own = [...linksOf(thrown)].filter(
    ({ code, message }) => typeof message === 'string' && /^(?:OAUTH|ERR_J|fetch_)/.test(`${code}`),
  );
  return String(own.at(-1)?.message ?? '')
    .replace(/\.$/, '')
    .slice(0, 200);
}

function errorOf(link: Link): unknown {
  if (link.name === 'TokenError') return link.code;
  return paramOf(link, 'error') ?? link.error;
}

function descriptionIn(link: Link): string | undefined {
  const said =
    paramOf(link, 'error_description') ??
    link.error_description ??
    link.errorDescription ??
    (link.name === 'TokenError' ? link.message : undefined);
  return typeof said === 'string' && said !== '' ? said : undefined;
}

function masked(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/\S+@\S+/g, '…')
    .replace(/[\w.~+/=-]{24,}/g, '…')
    .slice(0, 300);
}

function claimOf({ claim, issues }: Link): unknown {
  if (!Array.isArray(issues)) return claim;
  return (issues[0] as { path?: unknown[] } | undefined)?.path?.join('.');
}

function statusOf(link: Link): number | undefined {
  const ofAnswer = link instanceof Response || String(link.code).startsWith('OAUTH_');
  const status = link.statusCode ?? (ofAnswer ? link.status : undefined);
  return typeof status === 'number' ? status : undefined;
}

const moments = new Set(['exp', 'iat', 'nbf', 'auth_time']);

function clockOf({ claim, claims, payload, now }: Link): number | undefined {
  const said = (claims ?? payload) as Link | undefined;
  const moment = moments.has(String(claim)) ? said?.[String(claim)] : undefined;
  if (typeof moment !== 'number' || !Number.isFinite(moment)) return undefined;
  return Math.round((typeof now === 'number' ? now : Date.now() / 1000) - moment);
}

function paramOf({ params }: Link, name: string): string | undefined {
  return params instanceof URLSearchParams ? (params.get(name) ?? undefined) : undefined;
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

function* linksOf(thrown: unknown): Generator<Link> {
  let link = thrown;
  for (let depth = 0; depth < 10 && typeof link === 'object' && link !== null; depth += 1) {
    yield link as Link;
    link = (link as Link).cause ?? (link as Link).oauthError;
  }
}
