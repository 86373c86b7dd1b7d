import { JoinedServers } from '../../../../src/domain/membership/joined-servers.service';
import { ForServers } from '../../../../src/domain/event-views';
import { join, makeRoom, SERVER } from '../timeline/rig';
import { setMember, startReading, type ReadingRig } from './reading-rig';

const ANNA = '@anna:else.where';

describe('what other servers read of a room', () => {
  let rig: ReadingRig;
  let reading: ForServers;
  beforeEach(async () => {
    rig = await startReading();
    const servers = new JoinedServers(rig.storage, SERVER, rig.timeline.partialStates);
    const { roomState: rooms, timeline } = rig;
    reading = new ForServers({ serverName: SERVER, rooms, timeline, membership: { servers, heroes: async () => [] } });
  });
  afterEach(() => rig.stop());

  const serversAt = async (joinId: string) => {
    const event = (await rig.timeline.event(joinId))!;
    return [...(await reading.joinState(event, { omitMembers: true })).serversInRoom].sort();
  };

  it('names the servers that were in the room before a join, which the joining one was not', async () => {
    const { roomId } = await makeRoom(rig.timeline, '12', ['@carl:third.place']);
    expect(await serversAt(await join(rig.timeline, roomId, ANNA))).toEqual(['third.place', SERVER]);
  });

  it('names the joining server when another user of it was in the room, and none that only left', async () => {
    const { roomId } = await makeRoom(rig.timeline, '12', ['@bert:else.where', '@carl:third.place']);
    await setMember(rig.timeline, roomId, '@carl:third.place', '@carl:third.place', 'leave');
    expect(await serversAt(await join(rig.timeline, roomId, ANNA))).toEqual(['else.where', SERVER]);
  });
});
