import { isJsonObject, type JsonObject } from '#kernel/json';
import { readKeyDocument, VerifyKey, verifyJson } from '#protocol/signing/index';
import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { runTrellis } from '../support/process';

let federation: TestFederation;
let [alpha, beta]: FederatedServer[] = [];
beforeAll(async () => {
  federation = startTestFederation();
  [alpha, beta] = await Promise.all([federation.start(), federation.start()]);
}, 120_000);
afterAll(() => federation.stop());

const documentsIn = ({ server_keys: documents }: JsonObject): JsonObject[] =>
  Array.isArray(documents) ? documents.filter(isJsonObject) : [];

async function keysOf(server: FederatedServer) {
  const { status, body } = await server.get('/_matrix/key/v2/server');
  expect(status).toBe(200);
  return readKeyDocument(body, server.serverName)!;
}

describe('two servers over TLS', () => {
  it('publish keys that they have signed, at the old path too', async () => {
    const keys = await keysOf(alpha!);
    expect(keys.verifyKeys.size).toBe(1);
    const old = await alpha!.get(`/_matrix/key/v2/server/${[...keys.verifyKeys.keys()][0]!}`);
    expect(old.body['server_name']).toBe(alpha!.serverName);
  });

  it('fetch the keys of each other and vouch for them', async () => {
    const [subject] = documentsIn((await alpha!.get(`/_matrix/key/v2/query/${beta!.serverName}`)).body);
    expect(readKeyDocument(subject, beta!.serverName)?.verifyKeys).toEqual((await keysOf(beta!)).verifyKeys);
    const [keyId, publicKey] = [...(await keysOf(alpha!)).verifyKeys][0]!;
    expect(verifyJson(subject!, alpha!.serverName, keyId, VerifyKey.fromBase64(publicKey)!)).toBe(true);
  });

  it('vouch for many at once and leave out those that they cannot reach', async () => {
    const wanted = { [alpha!.serverName]: {}, [beta!.serverName]: {}, 'localhost:1': {} };
    const { body } = await beta!.request('POST', '/_matrix/key/v2/query', { server_keys: wanted });
    const names = documentsIn(body).map((document) => document['server_name']);
    expect(names.sort()).toEqual([alpha!.serverName, beta!.serverName].sort());
  });

  it('vouch for a server that is gone', async () => {
    await alpha!.get(`/_matrix/key/v2/query/${beta!.serverName}`);
    const keys = await keysOf(beta!);
    await beta!.pause();
    const { body } = await alpha!.get(`/_matrix/key/v2/query/${beta!.serverName}`);
    await beta!.restart();
    expect(readKeyDocument(documentsIn(body)[0], beta!.serverName)?.verifyKeys).toEqual(keys.verifyKeys);
  });

  it('tell what they are', async () => {
    const { body } = await alpha!.get('/_matrix/federation/v1/version');
    expect(body).toEqual({ server: { name: 'Trellis', version: expect.stringMatching(/^\d+\.\d+\.\d+/) } });
  });

  it('go on publishing a key that was given up, for the events of its day', async () => {
    const before = [...(await keysOf(beta!)).verifyKeys];
    await beta!.pause();
    const rotated = await runTrellis(['keys', 'rotate'], { env: { TRELLIS_DATA_DIR: beta!.folder } });
    expect({ status: rotated.status, stderr: rotated.stderr }).toEqual({ status: 0, stderr: '' });
    await beta!.restart();
    const after = await keysOf(beta!);
    expect([...after.verifyKeys.keys()]).not.toContain(before[0]![0]);
    expect(after.oldVerifyKeys.get(before[0]![0])).toEqual({
      publicKey: before[0]![1],
      expiredTs: expect.any(Number),
    });
  });
});
