import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Log } from './log.ts';
import { inNetworks } from './networks.ts';
import { throttle } from './throttle.ts';

/** Why everybody behind a proxy may be counted as one: its address stands for theirs. */
export type ForwardingProblem =
  /** A trusted proxy wrote something that is no address. */
  | { kind: 'unreadable'; proxy: string; hop: string }
  /** Somebody in a private network forwards for others, and is not among TRUSTED_PROXIES. */
  | { kind: 'untrusted'; proxy: string };

const localRanges = new Set(['private', 'loopback', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']);
const longestShown = 60;
const secondsBetweenWarnings = 600;

/**
 * Tells who really asks: `X-Forwarded-For` counts only as far as it was written by a trusted proxy,
 * read from the right; the first address that is not one of ours is the person's.
 *
 * @param trustedProxies in CIDR notation
 */
export function peerAddress(
  trustedProxies: readonly string[],
  onProblem: (problem: ForwardingProblem) => void = () => {},
) {
  const isTrusted = inNetworks(trustedProxies);
  return (request: IncomingMessage): string => {
    let address = plain(request.socket.remoteAddress ?? '');
    const hops = hopsOf(request);
    if (hops.length > 0 && !isTrusted(address) && isLocal(address)) {
      onProblem({ kind: 'untrusted', proxy: address });
    }
    while (isTrusted(address)) {
      const hop = hops.pop();
      if (hop === undefined) break;
      const found = addressOf(hop);
      if (found === undefined) {
        onProblem({ kind: 'unreadable', proxy: address, hop: hop.slice(0, longestShown) });
        break;
      }
      address = found;
    }
    return address;
  };
}

/** For `peerAddress`: a line of the log, now and then. */
export function warnOfForwarding(log: Log): (problem: ForwardingProblem) => void {
  const mayWarn = throttle(secondsBetweenWarnings);
  const words = {
    unreadable:
      'X-Forwarded-For of a trusted proxy holds no address: the proxy counts as the person',
    untrusted:
      'TRUSTED_PROXIES does not name this proxy: all people behind it have its address and share its limits',
  };
  return (problem) => {
    if (mayWarn(problem.kind)) log.warn({ forwarded: problem }, words[problem.kind]);
  };
}

function hopsOf({ headers }: IncomingMessage): string[] {
  return [headers['x-forwarded-for'] ?? []]
    .flat()
    .flatMap((header) => header.split(','))
    .map((hop) => hop.trim());
}

/** Some proxies add the port: `203.0.113.5:51234`, `[2001:db8::1]:443`. */
function addressOf(hop: string): string | undefined {
  const [, bracketed, dotted] = /^(?:\[([^\]]+)\]|(\d+(?:\.\d+){3}))(?::\d{1,5})?$/.exec(hop) ?? [];
  const address = bracketed ?? dotted ?? hop;
  return isIP(address) ? plain(address) : undefined;
}

/** IPv4 in IPv6 (`::ffff:192.0.2.1`) as plain IPv4, so that a limit counts one person once. */
function plain(address: string): string {
  return isIP(address) === 6 ? ipaddr.process(address).toString() : address;
}

function isLocal(address: string): boolean {
  return isIP(address) !== 0 && localRanges.has(ipaddr.process(address).range());
}
