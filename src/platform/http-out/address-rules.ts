import ipaddr from 'ipaddr.js';

/** Blocks that the library counts as ordinary: assigned to no public host, or standing for an address of another kind. */
const FURTHER_IPV4 = ['192.0.0.0/24', '192.88.99.0/24', '198.18.0.0/15'].map((block) => ipaddr.parseCIDR(block));
const FURTHER_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map((block) => ipaddr.parseCIDR(block));
/** All IPv6 addresses of the public Internet. NAT64, IPv4-compatible, site-local and unassigned ones lie outside. */
const PUBLIC_IPV6 = ipaddr.parseCIDR('2000::/3');

/**
 * Whether an IP address belongs to a host of the public Internet. False for loopback, private and link-local networks,
 * carrier-grade NAT, multicast, documentation and reserved blocks, and for IPv6 addresses that carry an IPv4 address
 * (6to4, NAT64, Teredo); an IPv4-mapped one counts as what it maps to. What is no IP address is not public either.
 *
 * @param address without brackets, as sockets have it
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv4') return !FURTHER_IPV4.some((block) => parsed.match(block));
  return parsed.match(PUBLIC_IPV6) && !FURTHER_IPV6.some((block) => parsed.match(block));
}
