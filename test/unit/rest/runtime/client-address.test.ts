import type { IncomingMessage } from 'node:http';
import { ClientAddresses, limitKey } from '#rest/runtime/client-address';

const request = (peer: string, forwarded?: string) =>
  ({ socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('the client address', () => {
  const behind = new ClientAddresses(['10.0.0.0/8', '::1', '2001:db8::/32']);

  it.each([
    ['a direct client', new ClientAddresses(), '192.0.2.1', undefined, '192.0.2.1'],
    ['a client that lies', new ClientAddresses(), '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['a mapped IPv4 address', new ClientAddresses(), '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['one proxy', behind, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['two proxies', behind, '10.0.0.1', '203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['a client that lies to a proxy', behind, '::1', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['an untrusted peer that lies', behind, '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['a proxy that names nobody', behind, '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy that names nonsense', behind, '10.0.0.1', '203.0.113.9, <script>', '10.0.0.1'],
    ['proxies alone', behind, '10.0.0.1', '2001:db8::7', '2001:db8::7'],
  ])('of %s', (_what, addresses, peer, forwarded, expected) => {
    expect(addresses.of(request(peer, forwarded))).toBe(expected);
  });

  it('takes only addresses and networks as proxies', () => {
    expect(() => new ClientAddresses(['proxy.example'])).toThrow(RangeError);
  });
});

describe('the key that limits count by', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, key) => expect(limitKey(address)).toBe(key));
});
