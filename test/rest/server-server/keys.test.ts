import type { JsonObject } from '#kernel/json';
import { verifyJson, VerifyKey } from '#protocol/signing/index';
import { startServers, type ServersRig } from './rig';

const KEYS = '/_matrix/key/v2';

/** Two servers that fetch each other's keys are in test/federation/keys.test.ts, what a notary keeps in the unit tests. */
describe('keys', () => {
  let rig: ServersRig;
  beforeAll(async () => {
    rig = await startServers();
  });
  afterAll(() => rig.stop());

  const get = async (uri: string, query = {}) => rig.server.api().get(KEYS + uri, query);
  const documents = (body: JsonObject) => body['server_keys'] as JsonObject[];

  /** Whether a document carries a signature of a server, by the key that the server has. */
  const isSignedBy = (document: JsonObject, serverName: string, keyId: string, publicKey: string) =>
    verifyJson(document, serverName, keyId, VerifyKey.fromBase64(publicKey)!);

  const ownKey = async (): Promise<[string, string]> => {
    const { body } = await get('/server');
    const [[keyId, { key }]] = Object.entries(body['verify_keys'] as Record<string, { key: string }>) as [
      [string, { key: string }],
    ];
    return [keyId, key];
  };

  it('of this server are there for everybody, signed, and good for a while', async () => {
    const { status, body } = await get('/server');
    expect(status).toBe(200);
    expect(body).toEqual({
      server_name: 'test.example',
      verify_keys: expect.any(Object),
      old_verify_keys: {},
      valid_until_ts: expect.any(Number),
      signatures: { 'test.example': expect.any(Object) },
    });
    expect(body['valid_until_ts']).toBeGreaterThan(Date.now() + 3_600_000);
    expect(isSignedBy(body, 'test.example', ...(await ownKey()))).toBe(true);
  });

  it.each<[string, (serverName: string) => Promise<{ status: number; body: JsonObject }>]>([
    ['one', (serverName) => get(`/query/${serverName}`)],
    ['many', (serverName) => rig.server.api().post(`${KEYS}/query`, { server_keys: { [serverName]: {} } })],
  ])('of another server are vouched for when %s is asked about: by its signature and this server’s', async (_, ask) => {
    const { status, body } = await ask(rig.peer.serverName);
    expect(status).toBe(200);
    const [document, ...others] = documents(body);
    expect(others).toEqual([]);
    const { key } = rig.peer;
    expect(document!['verify_keys']).toEqual({ [key.keyId]: { key: key.publicKey } });
    expect(isSignedBy(document!, rig.peer.serverName, key.keyId, key.publicKey)).toBe(true);
    expect(isSignedBy(document!, 'test.example', ...(await ownKey()))).toBe(true);
    expect(documents((await ask('test.example')).body)).toMatchObject([{ server_name: 'test.example' }]);
    for (const nobody of ['nobody.example', 'not a server']) {
      expect(await ask(encodeURIComponent(nobody))).toMatchObject({ status: 200, body: { server_keys: [] } });
    }
  });

  it('of many servers are asked for at once, by key and time, and what cannot be had is left out', async () => {
    const { keyId } = rig.stranger.key;
    const wanted = {
      [rig.peer.serverName]: {},
      [rig.stranger.serverName]: { [keyId]: { minimum_valid_until_ts: Date.now() + 60_000 } },
      'nobody.example': { 'ed25519:1': {} },
    };
    const { body } = await rig.server.api().post(`${KEYS}/query`, { server_keys: wanted });
    const names = documents(body).map((document) => document['server_name']);
    expect(names.sort()).toEqual([rig.peer.serverName, rig.stranger.serverName].sort());
  });

  it('are not asked for in other ways', async () => {
    const api = rig.server.api();
    for (const body of [{}, { server_keys: [] }, { server_keys: { 'a.example': { key: 5 } } }]) {
      expect((await api.post(`${KEYS}/query`, body)).status).toBe(400);
    }
    const { status } = await get(`/query/${rig.peer.serverName}`, { minimum_valid_until_ts: 'soon' });
    expect(status).toBe(400);
  });
});
