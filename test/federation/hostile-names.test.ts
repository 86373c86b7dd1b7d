import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startTestServer, type TestServer, type TestUser } from '../support/server';

/** Names that lead to inner networks, under the configuration that everybody has who sets nothing. */
describe('names that a hostile server or user makes up', () => {
  let victim: TestServer;
  let alice: TestUser;
  let inner: Server;
  let port: number;
  let knocks = 0;
  beforeAll(async () => {
    inner = createServer((socket) => {
      knocks++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
    ({ port } = inner.address() as AddressInfo);
    victim = await startTestServer({ server_name: 'victim.example' }, () => undefined);
    alice = await victim.registerUser('alice');
  });
  afterAll(async () => {
    await victim.stop();
    await new Promise((resolve) => inner.close(resolve));
  });

  const HOSTS = [
    '127.0.0.1',
    'localhost',
    'localhost.',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '0',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ];

  it.each(HOSTS)('row 20: %s is not connected to, whoever is asked for there', async (host) => {
    const name = `${host}:${port}`;
    const join = `/_matrix/client/v3/join/${encodeURIComponent(`!room:${name}`)}?via=${encodeURIComponent(name)}`;
    const { status } = await alice.api.post(join);
    expect(status).toBeGreaterThanOrEqual(400);
    await alice.api.get(`/_matrix/client/v3/directory/room/${encodeURIComponent(`#alias:${name}`)}`);
    await alice.api.get(`/_matrix/client/v3/profile/${encodeURIComponent(`@user:${name}`)}`);
    await alice.api.get(`/_matrix/client/v3/publicRooms?server=${encodeURIComponent(name)}`);
    expect(knocks).toBe(0);
  });

  it.each(HOSTS)('row 46: %s is not asked for its keys, by way of the notary or of a signature', async (host) => {
    const name = `${host}:${port}`;
    const anonymous = victim.api();
    await anonymous.get(`/_matrix/key/v2/query/${encodeURIComponent(name)}`);
    await anonymous.post('/_matrix/key/v2/query', { server_keys: { [name]: {} } });
    const authorization = `X-Matrix origin="${name}",destination="victim.example",key="ed25519:a",sig="${'A'.repeat(86)}"`;
    const { status } = await anonymous.request('GET', '/_matrix/federation/v1/event/%24a', {
      headers: { authorization },
    });
    expect(status).toBe(401);
    expect(knocks).toBe(0);
  });

  it('row 46: nor are the servers that an identity server names', async () => {
    const invites = HOSTS.map((host) => ({
      mxid: alice.userId,
      room_id: `!room:${host}:${port}`,
      sender: `@user:${host}:${port}`,
      signed: { mxid: alice.userId, token: 't', signatures: {} },
    }));
    const bound = { medium: 'email', address: 'a@b.example', mxid: alice.userId, invites };
    const { status } = await victim.api().put('/_matrix/federation/v1/3pid/onbind', bound);
    expect(status).toBeLessThan(500);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(knocks).toBe(0);
  });
});
