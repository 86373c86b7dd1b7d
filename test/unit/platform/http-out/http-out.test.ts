import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { HttpOut, type OutgoingPolicy, type OutgoingRequest, type Target } from '#platform/http-out/http-out';
import type { Names } from '#platform/http-out/names';
import { makePrivateCa, type Certificate, type PrivateCa } from '../../../support/private-ca';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let ca: PrivateCa;
const opened: { close(): unknown }[] = [];
beforeAll(() => {
  ca = makePrivateCa();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(() => ca.remove());

/** Every name leads to this machine, unless `addresses` says otherwise. */
function names(addresses: Readonly<Record<string, readonly string[]>> = {}): Names {
  return {
    addresses: async (host) =>
      (addresses[host] ?? ['127.0.0.1']).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    services: async () => [],
  };
}

function httpOut(policy: Partial<OutgoingPolicy> = {}, lookup = names()): HttpOut {
  const out = new HttpOut(lookup, { allowPrivateNetworks: true, caCertificates: [ca.ca], ...policy });
  opened.push(out);
  return out;
}

async function serve(handler: Handler, certificate?: Certificate): Promise<number> {
  const server: Server =
    certificate === undefined
      ? createServer(handler)
      : createTlsServer({ cert: certificate.cert, key: certificate.key }, handler);
  return listen(server);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return (server.address() as AddressInfo).port;
}

const get = (target: Target, more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: 'GET',
  target,
  path: '/',
  ...more,
});
const plain = (port: number, host = 'a.test'): Target => ({ scheme: 'http', host, port });
const secure = (port: number, host = 'a.test'): Target => ({ scheme: 'https', host, port });
const echo: Handler = (request, response) => response.end(request.headers.host);

describe('requests to others', () => {
  it('give status, headers, media type and body', async () => {
    const port = await serve((_, response) =>
      response.writeHead(418, { 'Content-Type': 'Application/JSON; charset=utf-8', 'X-Extra': 'yes' }).end('{}'),
    );
    const answer = await httpOut().fetch(get(plain(port)));
    expect(answer).toMatchObject({ status: 418, contentType: 'application/json', headers: { 'x-extra': 'yes' } });
    expect(String(answer.body)).toBe('{}');
  });

  it('name the target in the Host header, or whatever the caller says', async () => {
    const port = await serve(echo);
    const out = httpOut();
    expect(String((await out.fetch(get(plain(port)))).body)).toBe(`a.test:${port}`);
    expect(String((await out.fetch(get({ ...plain(port), hostHeader: 'b.test' }))).body)).toBe('b.test');
  });

  it('use a connection again', async () => {
    const sockets = new Set<unknown>();
    const port = await serve((request, response) => {
      sockets.add(request.socket);
      response.end('x');
    });
    const out = httpOut();
    for (let i = 0; i < 8; i++) await out.fetch(get(plain(port)));
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it('unpack compressed answers', async () => {
    const port = await serve((_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('unpacked')),
    );
    expect(String((await httpOut().fetch(get(plain(port)))).body)).toBe('unpacked');
  });
});

describe('private networks', () => {
  const policy = { allowPrivateNetworks: false };

  it.each(['127.0.0.1', '169.254.169.254', '::1'])(
    'are not connected to by a name of %s (row 20, row 46)',
    async (address) => {
      const port = await serve(echo);
      const out = httpOut(policy, names({ 'inner.test': [address] }));
      await expect(out.fetch(get(plain(port, 'inner.test')))).rejects.toMatchObject({ problem: 'denied' });
    },
  );

  it.each(['127.0.0.1', '10.0.0.1', '::1', '::ffff:127.0.0.1', '2002:7f00:1::'])(
    'are not connected to by the address %s',
    async (host) => {
      await expect(httpOut(policy).fetch(get(plain(8008, host)))).rejects.toMatchObject({ problem: 'denied' });
    },
  );

  it.each(['2130706433', '0x7f.1', '127.1', '0177.0.0.1', '0', '0x0.0'])(
    'row 20: are not connected to by the name %s, which stands for an address',
    async (host) => {
      const out = httpOut(policy, names({ [host]: ['1.1.1.1'] }));
      await expect(out.fetch(get(secure(8448, host)))).rejects.toMatchObject({ problem: 'denied' });
    },
  );

  it('row 20: are judged by the look-up that the connection is made by, so that a second answer cannot differ', async () => {
    let asked = 0;
    const port = await serve(echo);
    const rebinding: Names = {
      addresses: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '1.1.1.1', family: 4 }],
      services: async () => [],
    };
    const out = httpOut(policy, rebinding);
    await expect(out.fetch(get(plain(port, 'rebinding.test')))).rejects.toMatchObject({ problem: 'denied' });
    expect(asked).toBe(1);
  });
});

describe('redirects', () => {
  const to =
    (location: string, status = 302): Handler =>
    (_, response) =>
      response.writeHead(status, { Location: location }).end();

  it('are answers like others unless asked to be followed', async () => {
    const port = await serve(to('/elsewhere'));
    expect((await httpOut().fetch(get(plain(port)))).status).toBe(302);
  });

  it('are followed as often as allowed and no further', async () => {
    const port = await serve((request, response) => to(`${request.url}x`)(request, response));
    const asked = httpOut().fetch(get(plain(port), { limits: { redirects: 3 } }));
    await expect(asked).rejects.toMatchObject({ problem: 'redirect' });
  });

  it('do not take secrets along', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/') to('/next')(request, response);
      else response.end(JSON.stringify(request.headers));
    });
    const request = get(plain(port), { limits: { redirects: 1 }, headers: { authorization: 'Bearer secret' } });
    expect(String((await httpOut().fetch(request)).body)).not.toContain('secret');
  });

  it.each(['http://a.test/', 'file:///etc/passwd', 'https://user:password@a.test/', 'https://[bad/'])(
    'from https to %s are refused',
    async (location) => {
      const port = await serve(to(location), ca.issue('a.test'));
      const asked = httpOut().fetch(get(secure(port), { limits: { redirects: 2 } }));
      await expect(asked).rejects.toMatchObject({ problem: 'redirect' });
    },
  );

  it('of anything but GET are refused', async () => {
    const port = await serve(to('/next', 307));
    const asked = httpOut().fetch(get(plain(port), { method: 'PUT', body: '{}', limits: { redirects: 2 } }));
    await expect(asked).rejects.toMatchObject({ problem: 'redirect' });
  });
});

describe('budgets (row 25, row 51)', () => {
  it('bound the bytes of an answer, known before or not', async () => {
    const port = await serve((_, response) => {
      const more = () => {
        if (!response.destroyed) response.write(Buffer.alloc(1024), () => setImmediate(more));
      };
      more();
    });
    const asked = httpOut().fetch(get(plain(port), { limits: { bytes: 10_000 } }));
    await expect(asked).rejects.toMatchObject({ problem: 'size' });
  });
  it('bound the bytes of a compressed answer after unpacking', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const port = await serve((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb));
    expect(bomb.length).toBeLessThan(10_000);
    const asked = httpOut().fetch(get(plain(port), { limits: { bytes: 10_000 } }));
    await expect(asked).rejects.toMatchObject({ problem: 'size' });
  });

  it('end an answer that never begins, one that stalls, and one that trickles', async () => {
    const silent = await serve(() => undefined);
    const stalling = await serve((_, response) => void response.write('x'));
    const trickling = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const out = httpOut();
    const limited = (port: number, limits: OutgoingRequest['limits']) => out.fetch(get(plain(port), { limits }));
    await expect(limited(silent, { totalMs: 200 })).rejects.toMatchObject({ problem: 'timeout' });
    await expect(limited(stalling, { totalMs: 200 })).rejects.toMatchObject({ problem: 'timeout' });
    await expect(limited(trickling, { totalMs: 200 })).rejects.toMatchObject({ problem: 'timeout' });
  });

  it('let the caller call a request off', async () => {
    const port = await serve(() => undefined);
    const controller = new AbortController();
    const asked = httpOut().fetch(get(plain(port), { signal: controller.signal }));
    controller.abort();
    await expect(asked).rejects.toMatchObject({ problem: 'aborted' });
  });

  it('refuse encodings that were not asked for', async () => {
    const port = await serve((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip, gzip' }).end('x'));
    await expect(httpOut().fetch(get(plain(port)))).rejects.toMatchObject({ problem: 'protocol' });
  });
});

describe('certificates', () => {
  it('are checked against the name that the caller expects, whatever host is connected to', async () => {
    const port = await serve(echo, ca.issue('a.test'));
    const out = httpOut();
    const target = { ...secure(port, 'srv-target.test'), certificateName: 'a.test', hostHeader: 'a.test' };
    expect(String((await out.fetch(get(target))).body)).toBe('a.test');
    await expect(out.fetch(get(secure(port, 'srv-target.test')))).rejects.toMatchObject({ problem: 'certificate' });
  });

  it('of an IP address must be for that address', async () => {
    const right = await serve(echo, ca.issue('127.0.0.1'));
    const wrong = await serve(echo, ca.issue('a.test'));
    const out = httpOut();
    expect((await out.fetch(get(secure(right, '127.0.0.1')))).status).toBe(200);
    await expect(out.fetch(get(secure(wrong, '127.0.0.1')))).rejects.toMatchObject({ problem: 'certificate' });
  });

  it('are refused when nobody trusted issued them, or when they are over', async () => {
    const trusted = await serve(echo, ca.issue('a.test'));
    const expired = await serve(echo, ca.issueExpired('a.test'));
    await expect(httpOut({ caCertificates: [] }).fetch(get(secure(trusted)))).rejects.toMatchObject({
      problem: 'certificate',
    });
    await expect(httpOut().fetch(get(secure(expired)))).rejects.toMatchObject({ problem: 'certificate' });
  });

  it('are refused under a version of TLS that is not safe any more', async () => {
    const { cert, key } = ca.issue('a.test');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const port = await listen(createTlsServer({ cert, key, ...old }, echo));
    await expect(httpOut().fetch(get(secure(port)))).rejects.toMatchObject({ unsent: true });
    const willing = connect({ port, host: '127.0.0.1', servername: 'a.test', ca: ca.ca, ...old });
    expect(await new Promise((resolve) => willing.once('secureConnect', () => resolve(willing.getProtocol())))).toBe(
      'TLSv1.1',
    );
    willing.destroy();
  });

  it('are checked even where the environment asks for no checks', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const port = await serve(echo, ca.issue('b.test'));
      await expect(httpOut().fetch(get(secure(port)))).rejects.toMatchObject({ problem: 'certificate' });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  it('are asked for by name', async () => {
    let sni: unknown;
    const port = await serve(
      (request, response) => {
        sni = (request.socket as unknown as { servername: unknown }).servername;
        response.end();
      },
      ca.issue('a.test', '127.0.0.1'),
    );
    await httpOut().fetch(get({ ...secure(port, 'b.test'), certificateName: 'a.test' }));
    expect(sni).toBe('a.test');
    await httpOut().fetch(get(secure(port, '127.0.0.1')));
    expect(sni).toBe(false);
  });
});

describe('failures', () => {
  it('of names and connections are told apart', async () => {
    const nowhere: Names = {
      addresses: () => Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' })),
      services: async () => [],
    };
    await expect(httpOut({}, nowhere).fetch(get(plain(1)))).rejects.toMatchObject({ problem: 'name' });
    await expect(httpOut().fetch(get(plain(1)))).rejects.toMatchObject({ problem: 'connection' });
  });

  it('tell whether the other side may have heard of the request', async () => {
    const failing = (code: string): Names => ({
      addresses: () => Promise.reject(Object.assign(new Error(code), { code })),
      services: async () => [],
    });
    const unsent = { unsent: true };
    await expect(httpOut().fetch(get(plain(1)))).rejects.toMatchObject({ problem: 'connection', ...unsent });
    await expect(httpOut({}, failing('ENOTFOUND')).fetch(get(plain(1)))).rejects.toMatchObject(unsent);
    // As connections that nobody answers end.
    await expect(httpOut({}, failing('ETIMEDOUT')).fetch(get(plain(1)))).rejects.toMatchObject({
      problem: 'timeout',
      ...unsent,
    });
    const inner = httpOut({ allowPrivateNetworks: false });
    await expect(inner.fetch(get(plain(1, '127.0.0.1')))).rejects.toMatchObject({ problem: 'denied', ...unsent });
    const wrong = await serve(echo, ca.issue('b.test'));
    await expect(httpOut().fetch(get(secure(wrong)))).rejects.toMatchObject({ problem: 'certificate', ...unsent });

    const heard = { unsent: false };
    const hangingUp = await serve((request) => request.socket.destroy());
    const post = get(plain(hangingUp), { method: 'POST', body: '{}' });
    await expect(httpOut().fetch(post)).rejects.toMatchObject({ problem: 'connection', ...heard });
    const silent = await serve(() => undefined);
    const asked = httpOut().fetch(get(plain(silent), { limits: { totalMs: 200 } }));
    await expect(asked).rejects.toMatchObject({ problem: 'timeout', ...heard });
  });
});
