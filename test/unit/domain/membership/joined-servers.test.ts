import { JoinedServers } from '../../../../src/domain/membership/joined-servers.service';
import { makeRoom, SERVER, startTimeline, type Rig } from '../timeline/rig';

describe('the other servers in a room', () => {
  let rig: Rig;
  beforeEach(async () => (rig = await startTimeline()));
  afterEach(() => rig.stop());

  it('are also those that the server named by which it was joined, until all members are known', async () => {
    const room = await makeRoom(rig.timeline);
    const { partialStates } = rig.timeline;
    const servers = new JoinedServers(rig.storage, SERVER, partialStates);
    await servers.of(room);
    servers.changed({ roomNid: room.nid, userId: '@anna:known.example', membership: 'join' });
    await partialStates.began({ room, eventId: '$join', servers: ['host.example', 'known.example', SERVER] });
    expect(await servers.of(room)).toEqual(['known.example', 'host.example']);
    expect(await servers.toAsk(room, 1)).toEqual(['known.example']);
    expect(await servers.has(room, 'host.example')).toBe(true);
    expect(await servers.has(room, 'stranger.example')).toBe(false);

    await partialStates.ended(room.nid);
    expect(await servers.of(room)).toEqual(['known.example']);
    expect(await servers.has(room, 'host.example')).toBe(false);
  });

  it('are none for certain only when all members are known', async () => {
    const room = await makeRoom(rig.timeline);
    const { partialStates } = rig.timeline;
    const servers = new JoinedServers(rig.storage, SERVER, partialStates);
    await servers.of(room);
    expect(servers.isAlone(room.nid)).toBe(true);
    await partialStates.began({ room, eventId: '$join', servers: ['host.example'] });
    expect(servers.isAlone(room.nid)).toBe(false);
  });
});
