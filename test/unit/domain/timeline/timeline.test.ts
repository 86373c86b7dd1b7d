import { ForbiddenError, NotFoundError, TooLargeError } from '#kernel/errors';
import { knownRoomVersions } from '#protocol/room-versions';
import { RoomState } from '../../../../src/domain/room-state';
import { Timeline } from '../../../../src/domain/timeline';
import { ALICE, BOB, join, makeRoom, requester, say, SERVER, signingKey, startTimeline, type Rig } from './rig';

describe('timeline', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startTimeline();
  });
  afterEach(() => rig.stop());

  it.each([...knownRoomVersions()])('makes a room of version %s on which two users talk', async (version) => {
    const { timeline } = rig;
    const room = await makeRoom(timeline, version, [BOB]);
    const eventId = await say(timeline, room.roomId, BOB, 'hello');
    const event = await timeline.event(eventId);
    expect(event).toMatchObject({ roomId: room.roomId, sender: BOB, ordinal: 6, type: 'm.room.message' });
    expect(event!.pdu.content).toEqual({ msgtype: 'm.text', body: 'hello' });
    expect((await timeline.currentStateAll(room)).map((state) => state.type).sort()).toEqual([
      'm.room.create',
      'm.room.join_rules',
      'm.room.member',
      'm.room.member',
      'm.room.power_levels',
    ]);
  });

  it.each([...knownRoomVersions()])('makes any number of rooms of version %s in one millisecond', async (version) => {
    const stopped = new Timeline(
      { serverName: SERVER, signingKey },
      rig.storage,
      new RoomState(rig.storage),
      () => 1_000,
    );
    const rooms = await Promise.all([1, 2, 3].map(() => makeRoom(stopped, version)));
    expect(new Set(rooms.map(({ roomId }) => roomId)).size).toBe(3);
    for (const { roomId } of rooms) await say(stopped, roomId, ALICE, 'hello');
  });

  it('goes on where it was after a restart', async () => {
    const room = await makeRoom(rig.timeline, '11');
    await say(rig.timeline, room.roomId, ALICE, 'one');
    const again = new Timeline({ serverName: SERVER, signingKey }, rig.storage, new RoomState(rig.storage));
    const eventId = await say(again, room.roomId, ALICE, 'two');
    const event = await again.event(eventId);
    const [before] = await again.range(room, { from: event!.ordinal, direction: 'b', limit: 1 });
    expect(event!.pdu.prev_events).toEqual([before!.eventId]);
    expect(event!.depth).toBe(before!.depth + 1);
  });

  it('gives the first answer to a repeated request, also while the first is under way', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline);
    const key = { userId: ALICE, scope: 'DEVICE', path: `${room.roomId}/m.room.message`, txnId: 'a' };
    const draft = { roomId: room.roomId, type: 'm.room.message', content: { msgtype: 'm.text', body: 'once' } };
    const send = (txnId: string) => timeline.send(requester(ALICE), draft, { ...key, txnId });
    const [first, same] = await Promise.all([send('a'), send('a')]);
    expect(same).toBe(first);
    expect(await send('a')).toBe(first);
    const other = await send('b');
    expect(other).not.toBe(first);
    const [event] = await timeline.range(room, { direction: 'b', limit: 1 });
    expect(await timeline.transactionIds([event!.nid], ALICE, 'DEVICE')).toEqual(new Map([[event!.nid, 'b']]));
    expect(await timeline.transactionIds([event!.nid], ALICE, 'OTHER')).toEqual(new Map());
  });

  it('answers a state change that changes nothing with the event that is there', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline, '12', [BOB]);
    const topic = { roomId: room.roomId, type: 'm.room.topic', stateKey: '', content: { topic: 'Rust' } };
    const [first, second] = await Promise.all([
      timeline.send(requester(ALICE), topic),
      timeline.send(requester(ALICE), topic),
    ]);
    expect(second).toBe(first);
    await timeline.send(requester(ALICE), {
      roomId: room.roomId,
      type: 'm.room.redaction',
      content: {},
      redacts: first,
    });
    expect(await timeline.send(requester(ALICE), topic)).not.toBe(first);
  });

  it('leaves the room as it was when a draft is refused', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline, '12', [BOB]);
    const topic = { type: 'm.room.topic', stateKey: '', content: { topic: 'x' }, sender: ALICE };
    const refused = { type: 'm.room.name', stateKey: '', content: { name: 'x' }, sender: BOB };
    await expect(timeline.append(room, [topic, refused])).rejects.toThrow(ForbiddenError);
    expect(await timeline.currentState(room, 'm.room.topic', '')).toBeUndefined();
    const event = await timeline.event(await say(timeline, room.roomId, BOB, 'still here'));
    expect(event!.ordinal).toBe(6);
  });

  it('refuses strangers in the same words as rooms that do not exist', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline);
    const refusal = (roomId: string) => say(timeline, roomId, BOB, 'let me in').catch((error: Error) => error);
    const there = await refusal(room.roomId);
    const nowhere = await refusal('!nowhere:trellis.test');
    expect(there).toBeInstanceOf(ForbiddenError);
    expect((nowhere as Error).message).toBe((there as Error).message);
  });

  it('refuses events, types and state keys that are too large', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline);
    await expect(say(timeline, room.roomId, ALICE, 'x'.repeat(65_536))).rejects.toThrow(TooLargeError);
    const send = (type: string, stateKey?: string) =>
      timeline.send(requester(ALICE), { roomId: room.roomId, type, stateKey, content: {} });
    await expect(send('t'.repeat(256))).rejects.toThrow(TooLargeError);
    await expect(send('t', 'é'.repeat(128))).rejects.toThrow(TooLargeError);
    await expect(send('t'.repeat(255), 'k'.repeat(255))).resolves.toMatch(/^\$/);
  });

  it('lets users redact their own events and those with power all but the create event', async () => {
    const { timeline } = rig;
    const carol = '@carol:trellis.test';
    for (const version of ['1', '3', '11']) {
      const room = await makeRoom(timeline, version, [BOB, carol]);
      const redact = (userId: string, redacts: string) =>
        timeline.send(requester(userId), { roomId: room.roomId, type: 'm.room.redaction', content: {}, redacts });
      const byBob = await say(timeline, room.roomId, BOB, 'oops');
      await expect(redact(carol, byBob)).rejects.toThrow(ForbiddenError);
      const redaction = await redact(BOB, byBob);
      const event = await timeline.event(byBob);
      expect(event!.redactedByNid).toBe((await timeline.event(redaction))!.nid);
      await redact(ALICE, byBob);
      expect((await timeline.event(byBob))!.redactedByNid).toBe(event!.redactedByNid);
      const create = await timeline.currentState(room, 'm.room.create', '');
      await expect(redact(ALICE, create!.eventId)).rejects.toThrow(ForbiddenError);
    }
  });

  it('does not redact across rooms', async () => {
    const { timeline } = rig;
    const [one, two] = [await makeRoom(timeline), await makeRoom(timeline)];
    const elsewhere = await say(timeline, one.roomId, ALICE, 'other room');
    const draft = { roomId: two.roomId, type: 'm.room.redaction', content: { redacts: elsewhere } };
    await expect(timeline.send(requester(ALICE), draft)).rejects.toThrow(NotFoundError);
  });

  it('gives concurrent senders one contiguous order, told in the order of positions', async () => {
    const { timeline, storage } = rig;
    const users = ['@a:trellis.test', '@b:trellis.test', '@c:trellis.test'];
    const room = await makeRoom(timeline, '12', users);
    const heard: string[] = [];
    storage.subscribe('timeline', (change) =>
      heard.push((change.payload as { event: { eventId: string } }).event.eventId),
    );
    const start = await timeline.latestOrdinal(room);
    const sent = (
      await Promise.all(
        users.map(async (user) => {
          const ids: string[] = [];
          for (let i = 0; i < 20; i++) ids.push(await say(timeline, room.roomId, user, `${i}`));
          return ids;
        }),
      )
    ).flat();
    const events = await timeline.range(room, { from: start, direction: 'f', limit: 1_000 });
    expect(events.map((event) => event.ordinal)).toEqual(events.map((_, index) => start + 1 + index));
    expect(events.map((event) => event.eventId)).toEqual(heard);
    expect([...heard].sort()).toEqual([...sent].sort());
    const backwards = await timeline.range(room, { direction: 'b', limit: 60 });
    expect(backwards.toReversed().map((event) => event.eventId)).toEqual(heard);
  });

  it('translates positions to places in a room, however far back', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline);
    const ids = await Promise.all(Array.from({ length: 150 }, (_, i) => say(timeline, room.roomId, ALICE, `${i}`)));
    await join(timeline, room.roomId, BOB);
    for (const index of [0, 1, 70, 148, 149]) {
      const event = await timeline.event(ids[index]!);
      const { writer, pos } = event!.position;
      expect(await timeline.ordinalAt(room, new Map([[writer, pos]]))).toBe(event!.ordinal);
      expect(await timeline.changedRooms([room.nid], new Map([[writer, pos]]))).toEqual([room.nid]);
    }
    expect(await timeline.changedRooms([room.nid], rig.storage.visible())).toEqual([]);
    expect(await timeline.ordinalAt(room, new Map([[1, 0]]))).toBe(0);
  });
});
