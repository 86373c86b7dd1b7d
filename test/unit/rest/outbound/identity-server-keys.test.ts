import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpOut } from '#platform/http-out/http-out';
import { systemNames } from '#platform/http-out/names';
import { identityServerKeys } from '#rest/outbound/identity-server-keys';

const KEY = 'a+b/c-d_e';

describe('an identity server that is asked about a key', () => {
  let server: Server;
  let at: string;
  let asked: string[];
  let answer: (response: ServerResponse) => void;
  const agents: HttpOut[] = [];
  beforeEach(async () => {
    asked = [];
    answer = (response) => response.end('{"valid":true}');
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      asked.push(request.url ?? '');
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.close()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const isValid = (url: string, allowPrivateNetworks = true): Promise<boolean> => {
    const agent = new HttpOut(systemNames, { allowPrivateNetworks, caCertificates: [] });
    agents.push(agent);
    return identityServerKeys(agent).isValid(url, KEY);
  };

  it('is asked at the URL as it is given, about the key as it is spelt', async () => {
    expect(await isValid(`${at}/valid?tenant=a%20b`)).toBe(true);
    const { pathname, searchParams } = new URL(asked[0]!, at);
    expect(pathname).toBe('/valid');
    expect([...searchParams]).toEqual([
      ['tenant', 'a b'],
      ['public_key', KEY],
    ]);
  });

  it.each(['{"valid":false}', '{"valid":"true"}', '[true]', 'true', '', '{'])(
    'says by %j that it is not',
    async (body) => {
      answer = (response) => response.end(body);
      expect(await isValid(at)).toBe(false);
    },
  );

  it('is not asked in a private network', async () => {
    await expect(isValid(at, false)).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
    expect(asked).toEqual([]);
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/', 'http://user:secret@127.0.0.1/', '//nowhere', ''])(
    'is not at %j',
    async (url) => {
      expect(await isValid(url)).toBe(false);
    },
  );

  it('tells nothing while it fails, or says more than there is to say', async () => {
    answer = (response) => response.writeHead(503).end();
    await expect(isValid(at)).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
    answer = (response) => response.end(`{"valid":true,"more":"${'x'.repeat(20_000)}"}`);
    await expect(isValid(at)).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
    answer = (response) => response.destroy();
    await expect(isValid(at)).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
  });
});
