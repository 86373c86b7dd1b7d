import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** Finds a request's client behind the proxies that the operator trusts; by default there are none. */
export class ClientAddresses {
  private readonly trusted = new BlockList();
  private readonly trustsAny: boolean;

  /** @param proxies addresses or networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed; throws a RangeError else */
  constructor(proxies: readonly string[] = []) {
    this.trustsAny = proxies.length > 0;
    for (const proxy of proxies) this.trust(proxy);
  }

  /** The nearest address that is no trusted proxy. */
  of(request: IncomingMessage): string {
    const peer = plain(request.socket.remoteAddress ?? '');
    if (!this.trustsAny || !this.trusts(peer)) return peer;
    const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
    let nearest = peer;
    for (const hop of hops.reverse()) {
      const address = plain(hop.trim());
      if (isIP(address) === 0) break;
      nearest = address;
      if (!this.trusts(address)) break;
    }
    return nearest;
  }

  private trust(proxy: string): void {
    const [address = '', bits] = proxy.split('/');
    const family = isIP(address);
    if (family === 0) throw new RangeError(`Not an address or network: ${proxy}`);
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) this.trusted.addAddress(address, type);
    else this.trusted.addSubnet(address, Number(bits), type);
  }

  private trusts(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** IPv4 addresses come mapped into IPv6 from sockets that listen on both. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** What limits count an address as: IPv4 whole, IPv6 by its /64, of which every customer has one or more. */
export function limitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}
