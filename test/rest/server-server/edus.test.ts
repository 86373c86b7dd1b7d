import type { JsonObject, JsonValue } from '#kernel/json';
import type { SigningPeer } from '../../support/signing-peer';
import { makeRoom, say, startServers, type ServersRig } from './rig';

/** What hostile servers send is in test/federation/hostile-edus.test.ts. */
describe('EDUs of other servers', () => {
  let rig: ServersRig;
  let roomId: string;
  let bob: string;
  beforeAll(async () => {
    rig = await startServers();
    roomId = await makeRoom(rig.alice);
    bob = `@bob:${rig.peer.serverName}`;
    await rig.peer.join(roomId);
    await rig.peer.join(roomId, bob);
  });
  afterAll(() => rig.stop());

  const sendEdus = async (...edus: readonly JsonValue[]): Promise<void> => {
    expect(await rig.peer.send([], edus)).toEqual({});
  };

  /** The contents of what is not kept in a room, as Alice is told it at first. */
  const ephemeral = async (type: string, where = roomId): Promise<JsonObject> => {
    const { body } = await rig.alice.api.get<{
      rooms: { join: Record<string, { ephemeral: { events: { type: string; content: JsonObject }[] } }> };
    }>('/_matrix/client/v3/sync');
    return body.rooms.join[where]!.ephemeral.events.find((event) => event.type === type)?.content ?? {};
  };

  describe('of typing', () => {
    const typing = (userId: string, isTyping?: boolean, where = roomId): JsonObject => ({
      edu_type: 'm.typing',
      content: { room_id: where, user_id: userId, ...(isTyping !== undefined && { typing: isTyping }) },
    });
    const typists = async () => ((await ephemeral('m.typing'))['user_ids'] ?? []) as string[];

    it('tell who types and who has stopped', async () => {
      await sendEdus(typing(rig.peer.userId, true), typing(bob, true));
      expect((await typists()).sort()).toEqual([bob, rig.peer.userId].sort());
      await sendEdus(typing(bob, false));
      expect(await typists()).toEqual([rig.peer.userId]);
      await sendEdus(typing(rig.peer.userId));
      expect(await typists()).toEqual([]);
    });

    it('are past when the user leaves', async () => {
      const joined = await rig.peer.join(roomId, `@carl:${rig.peer.serverName}`);
      const carl = joined.join.pdu.sender;
      await sendEdus(typing(carl, true));
      expect(await typists()).toEqual([carl]);
      const leave = { type: 'm.room.member', sender: carl, stateKey: carl, content: { membership: 'leave' } };
      await rig.peer.send([rig.peer.event(joined, leave).pdu]);
      expect(await typists()).toEqual([]);
    });
  });

  describe('of receipts', () => {
    const read = (userId: string, eventId: string, data: JsonObject = {}, where = roomId): JsonObject => ({
      [where]: { 'm.read': { [userId]: { event_ids: [eventId], data: { ts: 1_700_000_000_000, ...data } } } },
    });
    const receipt = (content: JsonObject): JsonObject => ({ edu_type: 'm.receipt', content });
    const readersOf = async (eventId: string, where = roomId) =>
      ((await ephemeral('m.receipt', where))[eventId] ?? {}) as JsonObject;

    it('tell who has read how far and when, and never go back', async () => {
      const [first, second] = [await say(rig.alice, roomId, 'first'), await say(rig.alice, roomId, 'second')];
      await sendEdus(receipt(read(bob, second)));
      await sendEdus(receipt(read(bob, first)));
      expect(await readersOf(second)).toEqual({ 'm.read': { [bob]: { ts: 1_700_000_000_000 } } });
      expect(await readersOf(first)).toEqual({});
    });

    it('are one for each thread and one for all', async () => {
      const root = await say(rig.alice, roomId, 'root');
      const main = await say(rig.alice, roomId, 'in the main thread');
      const relation = { rel_type: 'm.thread', event_id: root };
      const content = { msgtype: 'm.text', body: 'in the thread', 'm.relates_to': relation };
      const uri = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/thread`;
      const { event_id: reply } = await rig.alice.api.call<{ event_id: string }>('PUT', uri, { body: content });
      await sendEdus(receipt(read(bob, main, { thread_id: 'main' })), receipt(read(bob, reply, { thread_id: root })));
      expect(await readersOf(main)).toMatchObject({ 'm.read': { [bob]: { thread_id: 'main' } } });
      expect(await readersOf(reply)).toMatchObject({ 'm.read': { [bob]: { thread_id: root } } });
      // One that is for another thread than the event's says nothing.
      await sendEdus(receipt(read(rig.peer.userId, reply, { thread_id: 'main' })));
      expect((await readersOf(reply))['m.read']).not.toHaveProperty([rig.peer.userId]);
    });

    it('are for several users and rooms in one', async () => {
      const other = await makeRoom(rig.alice);
      await rig.peer.join(other);
      const [here, there] = [await say(rig.alice, roomId, 'here'), await say(rig.alice, other, 'there')];
      const both = { 'm.read': { ...usersOf(read(bob, here)), ...usersOf(read(rig.peer.userId, here)) } };
      await sendEdus(receipt({ [roomId]: both, ...read(rig.peer.userId, there, {}, other) }));
      expect(Object.keys((await readersOf(here))['m.read'] as JsonObject).sort()).toEqual(
        [bob, rig.peer.userId].sort(),
      );
      expect(await readersOf(there, other)).toMatchObject({ 'm.read': { [rig.peer.userId]: {} } });
    });

    it('may be for an event that comes in the same transaction', async () => {
      const room = await rig.peer.join(roomId);
      const { pdu, eventId } = rig.peer.event(room);
      expect(await rig.peer.send([pdu], [receipt(read(bob, eventId))])).toEqual({ [eventId]: {} });
      expect(await readersOf(eventId)).toHaveProperty(['m.read', bob]);
    });

    it('are never private ones', async () => {
      const eventId = await say(rig.alice, roomId, 'private');
      const { [roomId]: types } = read(bob, eventId) as Record<string, JsonObject>;
      await sendEdus(receipt({ [roomId]: { 'm.read.private': types!['m.read']! } }));
      expect(await readersOf(eventId)).toEqual({});
    });

    const usersOf = (content: JsonObject): JsonObject => (content[roomId] as Record<string, JsonObject>)['m.read']!;
  });

  describe('of presence', () => {
    const statusOf = async (userId: string) =>
      (await rig.alice.api.get(`/_matrix/client/v3/presence/${encodeURIComponent(userId)}/status`)).body;

    it('tell of several users who is there, since when and with what to say', async () => {
      const push: JsonObject[] = [
        { user_id: rig.peer.userId, presence: 'online', currently_active: true, last_active_ago: 0 },
        { user_id: bob, presence: 'unavailable', status_msg: 'At lunch', last_active_ago: 600_000 },
      ];
      await sendEdus({ edu_type: 'm.presence', content: { push } });
      expect(await statusOf(rig.peer.userId)).toMatchObject({ presence: 'online', currently_active: true });
      const status = await statusOf(bob);
      expect(status).toMatchObject({ presence: 'unavailable', status_msg: 'At lunch' });
      expect(status['last_active_ago']).toBeGreaterThanOrEqual(600_000);
      await sendEdus({ edu_type: 'm.presence', content: { push: [{ user_id: bob, presence: 'offline' }] } });
      expect(await statusOf(bob)).toMatchObject({ presence: 'offline' });
    });
  });

  it('of kinds that nobody knows are ignored, those beside them are not', async () => {
    const eventId = await say(rig.alice, roomId, 'beside');
    const known = { [roomId]: { 'm.read': { [bob]: { event_ids: [eventId], data: { ts: 1 } } } } };
    const peer: SigningPeer = rig.peer;
    const kinds = ['org.example.kind', 'm.device_list_update', 'm.direct_to_device', 'm.signing_key_update'];
    const unknown = kinds.map((kind) => ({ edu_type: kind, content: { sender: peer.userId } }));
    await sendEdus(...unknown, { edu_type: 'm.receipt', content: known });
    expect((await ephemeral('m.receipt'))[eventId]).toHaveProperty(['m.read', bob]);
  });
});
