import { ALICE, DoorUnderTest } from './support';

const RATES = { remote: { points: 2, seconds: 60 } };
const ROOM = encodeURIComponent('!room:far.example');

describe('requests that have other servers asked', () => {
  let door: DoorUnderTest;
  beforeEach(async () => {
    const profile = { getUserProfile: async () => ({}), getProfileField: async () => ({ displayname: 'x' }) };
    const directory = { getRoomIdByAlias: async () => ({ room_id: '!r:x', servers: [] }) };
    const publicRooms = { getPublicRooms: async () => ({ chunk: [] }) };
    const joining = { joinRoom: async () => ({ room_id: '!r:x' }), joinRoomById: async () => ({ room_id: '!r:x' }) };
    const thirdPartyInvite = { onBindThirdPartyIdentifier: async () => ({}) };
    door = await DoorUnderTest.start(
      {
        'client-server': { profile, directory, listPublicRooms: publicRooms, joining },
        'server-server': { thirdPartyInvite },
      },
      { rateLimits: { enabled: true, rates: RATES } },
    );
  });
  afterEach(() => door.stop());

  const profileOf = (userId: string) => door.ask(`/_matrix/client/v3/profile/${encodeURIComponent(userId)}`);

  it('are few, whatever they are for', async () => {
    expect((await profileOf('@one:far.example')).status).toBe(200);
    const alias = encodeURIComponent('#a:other.example');
    expect((await door.ask(`/_matrix/client/v3/directory/room/${alias}`)).status).toBe(200);
    const lists = await door.ask('/_matrix/client/v3/publicRooms?server=third.example');
    expect([lists.status, lists.json['errcode']]).toEqual([429, 'M_LIMIT_EXCEEDED']);
  });

  it('count by user where the user is known', async () => {
    const join = () => door.ask(`/_matrix/client/v3/join/${ROOM}`, { method: 'POST', body: {} });
    for (const name of ['one', 'two']) await profileOf(`@${name}:far.example`);
    expect((await profileOf('@three:far.example')).status).toBe(429);
    for (let i = 0; i < 2; i++) expect((await join()).status).toBe(200);
    expect((await join()).status).toBe(429);
  });

  it('are few of those too that say who has an invited address: no signature tells who says so', async () => {
    const body = { medium: 'email', address: 'a@b.example', mxid: ALICE.userId, invites: [] };
    const bind = () => door.ask('/_matrix/federation/v1/3pid/onbind', { method: 'PUT', body });
    for (let i = 0; i < 2; i++) expect((await bind()).status).toBe(200);
    expect((await bind()).status).toBe(429);
  });

  it('are not those about what is here', async () => {
    for (let i = 0; i < 10; i++) expect((await profileOf(ALICE.userId)).status).toBe(200);
    for (let i = 0; i < 10; i++) expect((await door.ask('/_matrix/client/v3/publicRooms')).status).toBe(200);
  });
});
