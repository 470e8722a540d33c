import { AppError } from '../errors.ts';
import { isAddressable } from '../federation/guarded-fetch.ts';

const loopback = ['localhost', '127.0.0.1', '[::1]'];

function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && loopback.includes(url.hostname);
}

/**
 * A redirect URI as RFC 9700 §2.1 and RFC 8252 §7 allow it: https, http on this machine, or for public
 * clients a private-use scheme in reverse domain order.
 *
 * @throws AppError `redirect_uri_invalid`
 */
export function checkRedirectUri(uri: string, { isPublic }: { isPublic: boolean }): void {
  const problem = redirectProblem(uri, isPublic);
  if (!problem) return;
  throw new AppError('redirect_uri_invalid', { message: `${JSON.stringify(uri)} ${problem}.` });
}

function redirectProblem(uri: string, isPublic: boolean): string | undefined {
  const url = URL.parse(uri);
  if (!url || !/^[\x21-\x7e]+$/.test(uri)) return 'is no absolute URI';
  if (uri.includes('#')) return 'has a fragment';
  if (uri.includes('*')) return 'has a wildcard, but redirect URIs are compared exactly';
  if (url.username || url.password) return 'has a user name or password';
  if (url.protocol === 'https:' || isLoopback(url)) return undefined;
  if (url.protocol === 'http:') return 'is plain http beyond this machine';
  if (!isPublic) return 'is neither https nor http on this machine';
  return /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:$/.test(url.protocol)
    ? undefined
    : 'has a scheme that is not a domain in reverse order, such as org.example.app:';
}

/**
 * Where we call a client ourselves: by https on the internet, or at the homeserver's own address,
 * which may be on a private network. A name is judged by its addresses, whenever it is called.
 *
 * @throws AppError `backchannel_uri_invalid`
 */
export function checkBackchannelUri(uri: string, synapseUrl: string | undefined): void {
  const url = URL.parse(uri);
  const ours = synapseUrl !== undefined && url?.origin === new URL(synapseUrl).origin;
  const outside = url?.protocol === 'https:' && isAddressable(url);
  if (!uri.includes('#') && (ours || outside)) return;
  throw new AppError('backchannel_uri_invalid', {
    message: `${JSON.stringify(uri)} is neither https at a public address, nor below SYNAPSE_URL.`,
  });
}

/** @throws AppError `url_invalid` */
export function checkWebUrl(uri: string): void {
  const url = URL.parse(uri);
  if (url && (url.protocol === 'https:' || isLoopback(url))) return;
  throw new AppError('url_invalid', { message: `${JSON.stringify(uri)} is no https:// address.` });
}

/** One of its own: no wildcards. */
function isWebSite(url: URL): boolean {
  return !url.hostname.includes('*') && (url.protocol === 'https:' || isLoopback(url));
}

/**
 * The origin of a platform's pages, written as browsers write it into the header `Origin`.
 *
 * @throws AppError `handoff_origin_invalid`
 */
export function checkHandoffOrigin(origin: string): void {
  const url = URL.parse(origin);
  if (url?.origin === origin && isWebSite(url)) return;
  throw new AppError('handoff_origin_invalid', {
    message: `${JSON.stringify(origin)} is no origin such as https://events.example.org, without a path.`,
  });
}

/**
 * The beginning of addresses at which a hand-off may end. It ends with a slash, or
 * `https://chat.example` would also begin `https://chat.example.evil.com`.
 *
 * @throws AppError `handoff_target_invalid`
 */
export function checkHandoffTarget(target: string): void {
  const url = URL.parse(target);
  const whole = url && target === `${url.origin}${url.pathname}` && target.endsWith('/');
  if (whole && isWebSite(url)) return;
  throw new AppError('handoff_target_invalid', {
    message: `${JSON.stringify(target)} is no address such as https://chat.example.org/, with a slash at its end.`,
  });
}
