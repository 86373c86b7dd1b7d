import { isJsonObject, type JsonObject } from '#kernel/json';
import { readKeyDocument } from '#protocol/signing/index';
import { Agent, fetch } from 'undici';
import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { signedGet } from '../support/signed-request';
import { startSynapse, type SynapseServer } from '../support/synapse';
import { SYNAPSE_INSTALL_MS } from '../support/synapse-venv';

let federation: TestFederation;
let trellis: FederatedServer;
let synapse: SynapseServer;
let agent: Agent;
beforeAll(async () => {
  federation = startTestFederation();
  agent = new Agent({ connect: { ca: federation.ca.ca } });
  synapse = await startSynapse({ ca: federation.ca });
  trellis = await federation.start();
}, SYNAPSE_INSTALL_MS);
afterAll(async () => {
  await agent?.destroy();
  await synapse?.stop();
  await federation?.stop();
});

async function askSynapse(path: string, headers: Record<string, string> = {}, body?: JsonObject) {
  const method = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`https://${synapse.serverName}${path}`, { dispatcher: agent, headers, ...method });
  return { status: answer.status, body: (await answer.json()) as JsonObject };
}

const documentsIn = ({ server_keys: documents }: JsonObject): JsonObject[] =>
  Array.isArray(documents) ? documents.filter(isJsonObject) : [];

describe('Trellis and Synapse', () => {
  it('know the keys of each other, fetched over TLS', async () => {
    const theirs = readKeyDocument((await askSynapse('/_matrix/key/v2/server')).body, synapse.serverName)!;
    const [vouched] = documentsIn((await trellis.get(`/_matrix/key/v2/query/${synapse.serverName}`)).body);
    expect(theirs.verifyKeys.size).toBe(1);
    expect(readKeyDocument(vouched, synapse.serverName)?.verifyKeys).toEqual(theirs.verifyKeys);

    const ours = readKeyDocument((await trellis.get('/_matrix/key/v2/server')).body, trellis.serverName)!;
    const [keyId] = [...ours.verifyKeys.keys()];
    const wanted = { server_keys: { [trellis.serverName]: { [keyId!]: { minimum_valid_until_ts: Date.now() } } } };
    const [answer] = documentsIn((await askSynapse('/_matrix/key/v2/query', {}, wanted)).body);
    expect(readKeyDocument(answer, trellis.serverName)?.verifyKeys).toEqual(ours.verifyKeys);
  });

  it('accept the requests that the other signed, and no others', async () => {
    const { userId } = await synapse.register('anna');
    const path = `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(userId)}`;
    const signed = signedGet(trellis, synapse.serverName, path);
    expect(await askSynapse(path, signed)).toMatchObject({ status: 200, body: { displayname: 'anna' } });
    expect((await askSynapse(`${path}&field=displayname`, signed)).status).toBe(401);
    expect((await askSynapse(path)).status).toBe(401);
  });
});
