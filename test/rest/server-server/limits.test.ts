import { path } from '../../support/known-peer';
import { refusal, startServers, type ServersRig } from './rig';

describe('other servers that ask too often', () => {
  let rig: ServersRig;
  beforeEach(async () => {
    rig = await startServers({
      rate_limits: {
        enabled: true,
        federation: { requests: 3, seconds: 60 },
        received_invite: { requests: 2, seconds: 60 },
      },
    });
  });
  afterEach(() => rig.stop());

  const profile = (asker = rig.peer) => asker.get(`/_matrix/federation/v1/query/profile?user_id=${rig.alice.userId}`);
  const limited = refusal(429, 'M_LIMIT_EXCEEDED');

  it('are refused for a while, and no one else is', async () => {
    for (let asked = 0; asked < 3; asked++) expect((await profile()).status).toBe(200);
    expect(await profile()).toEqual(limited);
    expect((await profile(rig.stranger)).status).toBe(200);
  });

  it('may go on sending transactions', async () => {
    for (let sent = 0; sent < 6; sent++) expect(await rig.peer.send([])).toEqual({});
    expect((await profile()).status).toBe(200);
  });

  it('are refused invites by a limit of their own', async () => {
    const invite = () => rig.peer.put(path('v2/invite', '!room:peer.example', '$event'), {});
    for (let asked = 0; asked < 2; asked++) expect((await invite()).status).toBe(400);
    expect(await invite()).toEqual(limited);
    expect((await profile()).status).toBe(200);
  });

  it('count by what they have signed: whoever merely claims to be one takes nothing from it', async () => {
    const claim = { authorization: 'X-Matrix origin="peer.example",key="ed25519:peer",sig="AAAA"' };
    const uri = `/_matrix/federation/v1/query/profile?user_id=${rig.alice.userId}`;
    for (let asked = 0; asked < 6; asked++)
      expect((await rig.server.api().request('GET', uri, { headers: claim })).status).toBe(401);
    expect((await profile()).status).toBe(200);
  });

  it('for keys of others are counted by address, since they need no name', async () => {
    const ask = () => rig.server.api().get('/_matrix/key/v2/query/test.example');
    for (let asked = 0; asked < 3; asked++) expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(429);
  });
});
