import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether an address, IPv4 in IPv6 or not, lies in one of these. @param networks in CIDR notation */
export function inNetworks(networks: readonly string[]): (address: string) => boolean {
  const ranges = networks.map((range) => ipaddr.parseCIDR(range));
  return (address) => {
    if (ranges.length === 0 || !isIP(address)) return false;
    const parsed = ipaddr.process(address);
    return ranges.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits));
  };
}
