import type { JsonObject, JsonValue } from '#kernel/json';
import { formatStrippedState, type Pdu } from '#protocol/events/index';
import { stateEntryKey } from '#protocol/state-resolution/index';
import { requester } from '../membership/rig';
import type { FarRoom } from './fake-servers';
import { farRoom, startOutbound, state, type OutboundRig } from './rig';

describe('what a server shows of its room to users who knock there', () => {
  let rig: OutboundRig;
  let carol: string;

  beforeEach(async () => {
    rig = await startOutbound();
    carol = await rig.people.addUser('carol');
  });
  afterEach(() => rig.stop());

  const roomOf = (version: string): FarRoom =>
    rig.servers.know(farRoom(version, { join_rule: 'knock' }, [state('m.room.name', { name: 'Far away' })]));

  const entry = (room: FarRoom, type: string): Pdu =>
    room.dag.nodes.get(room.heads[0]!.after.get(stateEntryKey(type, ''))!)!.pdu;

  /** Knocks on a room whose server shows this; what the user sees of it beside the knock. */
  const shownWith = async (room: FarRoom, shown: readonly JsonValue[]): Promise<JsonObject[]> => {
    rig.servers.sendKnock = async () => shown;
    await rig.membership.knock(requester(carol), room.roomId, { via: ['a.org'] });
    const member = await rig.membership.outOfBand.of(carol, room.roomId);
    const all = await rig.membership.outOfBand.strippedState(member!);
    return all.filter(({ state_key: key }) => key !== carol);
  };

  it.each(['11', '12'])('is what they see, in room version %s', async (version) => {
    const room = roomOf(version);
    const events = [room.dag.create.pdu, entry(room, 'm.room.name')];
    expect(await shownWith(room, events)).toEqual(events.map(formatStrippedState));
  });

  it('may be in its short form in room versions before 12', async () => {
    const room = roomOf('11');
    const short = formatStrippedState(entry(room, 'm.room.name')) as unknown as JsonObject;
    expect(await shownWith(room, [short])).toEqual([short]);
  });

  describe('in room version 12 is left out where it', () => {
    it.each<[string, (name: Pdu, room: FarRoom) => JsonValue]>([
      ['has not the form of an event', (name) => formatStrippedState(name)],
      ['is nothing', () => null],
      ['is of another room', (name) => ({ ...name, room_id: `!${'A'.repeat(43)}` })],
      ['is not of the state', ({ state_key: _key, ...message }) => message],
      ['is not signed', (name) => ({ ...name, signatures: {} })],
    ])('%s', async (_, spoil) => {
      const room = roomOf('12');
      const { pdu: create } = room.dag.create;
      const spoilt = spoil(entry(room, 'm.room.name'), room);
      expect(await shownWith(room, [create, spoilt])).toEqual([formatStrippedState(create)]);
    });
  });
});
