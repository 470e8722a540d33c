import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AppError } from '../errors.ts';

export type GuardOptions = {
  /** Networks in CIDR notation that may be called although they are not public, also by http. */
  allowedNetworks: readonly string[];
  /** Of the answer's body. */
  maxBytes?: number;
  /** For the whole call, from the name to the last byte, in ms. */
  timeout?: number;
  /** Where names lead, with all of their addresses; the system knows unless told otherwise. */
  resolve?: Resolve;
};

type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const statusWithoutBody = new Set([101, 204, 205, 304]);

/**
 * `fetch` for URLs that somebody else names: only https to public addresses. The address that was
 * checked is the one connected to, so that a name cannot change its meaning in between; redirects
 * are not followed; size and time are bounded. Every refusal is an AppError `fetch_refused` (502).
 */
export function createGuardedFetch({
  allowedNetworks,
  maxBytes = 512 * 1024,
  timeout = 10_000,
  resolve = lookup,
}: GuardOptions): typeof fetch {
  const isAllowed = networkMatcher(allowedNetworks);
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    assertAddressable(url, isAllowed);
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeout)]);
    try {
      const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
      const answer = await send(request, {
        url,
        body,
        signal,
        lookup: guardedLookup(url, isAllowed, resolve),
      });
      return await readAnswer(answer, maxBytes);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw refused(url, signal.aborted ? 'took too long' : 'failed', cause);
    }
  };
}

type Sending = { url: URL; body?: Buffer; signal: AbortSignal; lookup: LookupFunction };

function send(request: Request, { url, body, signal, lookup }: Sending): Promise<IncomingMessage> {
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  for (const [name, value] of request.headers) headers[name] = value;
  if (body) headers['content-length'] = String(body.length);
  return new Promise((resolve, reject) => {
    const call = start(url, { method: request.method, headers, signal, lookup, agent: false });
    call.once('response', resolve);
    call.once('error', reject);
    call.end(body);
  });
}

async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<Response> {
  const status = answer.statusCode ?? 502;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > maxBytes) {
      answer.destroy();
      throw new AppError('fetch_refused', { message: 'The answer is too large.' });
    }
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  if (status >= 300 && status < 400 && status !== 304) {
    throw new AppError('fetch_refused', { message: 'The answer is a redirect.' });
  }
  return new Response(statusWithoutBody.has(status) ? null : Buffer.concat(chunks), {
    status,
    headers,
  });
}

type IsAllowed = (address: string) => boolean;

/** Whether a URL may ever be called, as far as it tells by itself. */
export function isAddressable(url: URL): boolean {
  try {
    assertAddressable(url, () => false);
    return true;
  } catch {
    return false;
  }
}

/** What can be told from the URL alone; a name is judged by its addresses, when it is resolved. */
function assertAddressable(url: URL, isAllowed: IsAllowed): void {
  const { protocol, username, password } = url;
  if ((protocol !== 'https:' && protocol !== 'http:') || username || password) {
    throw refused(url, 'is not a plain https address');
  }
  const literal = literalAddress(url);
  if (literal !== undefined) assertReachable(url, literal, isAllowed);
}

/** No name is asked for where the URL holds an address, so that is judged before. */
function literalAddress({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(bare) ? bare : undefined;
}

function assertReachable(url: URL, address: string, isAllowed: IsAllowed): void {
  if (isAllowed(address)) return;
  if (url.protocol !== 'https:') throw refused(url, 'is not https');
  if (!isPublic(address)) throw refused(url, 'is no public address');
}

/** All that IANA has given out for the open Internet in IPv6 (RFC 4291 §2.4, RFC 3513 §4). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

function isPublic(address: string): boolean {
  // Mapped IPv4 addresses are judged as what they mean.
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(globalUnicast);
}

/** Every address of the name must be reachable: one that also leads inside is not to be trusted. */
function guardedLookup(url: URL, isAllowed: IsAllowed, resolve: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return done(error ?? new Error('no address'), '', 0);
      try {
        for (const { address } of addresses) assertReachable(url, address, isAllowed);
      } catch (cause) {
        return done(cause as Error, '', 0);
      }
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

function networkMatcher(networks: readonly string[]): IsAllowed {
  const parsed = networks.map((network) => ipaddr.parseCIDR(network));
  return (address) => {
    const candidate = ipaddr.process(address);
    return parsed.some(
      ([network, bits]) => network.kind() === candidate.kind() && candidate.match(network, bits),
    );
  };
}

/** The host only: a path or query may hold a secret. */
function refused(url: URL, reason: string, cause?: unknown): AppError {
  return new AppError('fetch_refused', { message: `A call to ${url.host} ${reason}.`, cause });
}
