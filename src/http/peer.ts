import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * Tells who really asks: `X-Forwarded-For` counts only as far as it was written by a trusted proxy,
 * read from the right; the first address that is not one of ours is the person's.
 *
 * @param trustedProxies in CIDR notation
 */
export function peerAddress(trustedProxies: readonly string[]) {
  const ranges = trustedProxies.map((range) => ipaddr.parseCIDR(range) as Range);
  const isTrusted = (address: string) => {
    if (ranges.length === 0) return false;
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return ranges.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits));
  };
  return (request: IncomingMessage): string => {
    let address = plain(request.socket.remoteAddress ?? '');
    const hops = [request.headers['x-forwarded-for'] ?? []]
      .flat()
      .flatMap((header) => header.split(','))
      .map((hop) => hop.trim());
    while (isTrusted(address)) {
      const hop = hops.pop();
      if (hop === undefined || !ipaddr.isValid(hop)) break;
      address = plain(hop);
    }
    return address;
  };
}

/** IPv4 in IPv6 (`::ffff:192.0.2.1`) as plain IPv4, so that a limit counts one person once. */
function plain(address: string): string {
  if (isIPv4(address)) return address;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
