import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpOut } from '#platform/http-out/http-out';

// Of this machine's addresses one plays a host of the Internet here; all others are as they are.
jest.mock('#platform/http-out/address-rules', () => {
  const real = jest.requireActual<{ isPublicAddress(address: string): boolean }>('#platform/http-out/address-rules');
  return { isPublicAddress: (address: string) => address === '127.0.0.2' || real.isPublicAddress(address) };
});

describe('a redirect into a private network', () => {
  it.each(['127.0.0.1', 'inner.test', '[::ffff:127.0.0.1]'])(
    'row 20: to %s is refused at its own hop',
    async (host) => {
      let reached = 0;
      const inner = createServer((_, response) => {
        reached++;
        response.end('secret');
      });
      await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
      const { port } = inner.address() as AddressInfo;
      const outer = createServer((_, response) =>
        response.writeHead(302, { Location: `http://${host}:${port}/` }).end(),
      );
      await new Promise<void>((resolve) => outer.listen(0, '127.0.0.2', resolve));
      const names = {
        addresses: async (name: string) => [{ address: name === 'outer.test' ? '127.0.0.2' : '127.0.0.1', family: 4 }],
        services: async () => [],
      };
      const out = new HttpOut(names, { allowPrivateNetworks: false, caCertificates: [] });
      const target = { scheme: 'http' as const, host: 'outer.test', port: (outer.address() as AddressInfo).port };
      const asked = out.fetch({ method: 'GET', target, path: '/', limits: { redirects: 3 } });
      await expect(asked).rejects.toMatchObject({ problem: 'denied' });
      expect(reached).toBe(0);
      await out.close();
      inner.close();
      outer.close();
    },
  );
});
