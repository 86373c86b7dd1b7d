import { AccountData } from '../../../../src/domain/account-data';
import { Receipts } from '../../../../src/domain/receipts';
import type { RoomInfo } from '../../../../src/domain/room-state';
import type { Positions } from '#platform/storage/storage';
import { relate, startReading, type ReadingRig } from '../event-views/reading-rig';
import { ALICE, BOB, makeRoom, requester, say } from '../timeline/rig';

describe('receipts', () => {
  let rig: ReadingRig;
  let receipts: Receipts;
  let accountData: AccountData;
  let room: RoomInfo;
  let clock = 1_000;

  const make = () => {
    const { storage, membership, timeline, relations } = rig;
    return new Receipts(storage, { membership, timeline, relations, accountData, now: () => clock++ });
  };
  beforeEach(async () => {
    rig = await startReading();
    accountData = new AccountData(rig.storage);
    receipts = make();
    room = await makeRoom(rig.timeline, '12', [BOB]);
  });
  afterEach(() => rig.stop());

  type Type = 'm.read' | 'm.read.private' | 'm.fully_read';
  const read = (userId: string, eventId: string, type: Type = 'm.read', threadId?: string) =>
    receipts.set(requester(userId), { roomId: room.roomId, type, eventId, threadId });
  const since = (userId: string, from: Positions) => receipts.changedSince([room], userId, from, rig.storage.visible());
  const content = async (userId: string, from: Positions) => (await since(userId, from)).get(room.nid);

  it('tells everybody of a public receipt and only its owner of a private one', async () => {
    const [one, two] = [
      await say(rig.timeline, room.roomId, ALICE, '1'),
      await say(rig.timeline, room.roomId, ALICE, '2'),
    ];
    const start = rig.storage.visible();
    await read(BOB, one);
    await read(BOB, two, 'm.read.private');
    expect(await content(ALICE, start)).toEqual({
      [one]: { 'm.read': { [BOB]: { ts: expect.any(Number) as number } } },
    });
    expect(Object.keys((await content(BOB, start))!)).toEqual([one, two]);
    expect(Object.keys((await receipts.initial([room.nid], ALICE)).get(room.nid)!)).toEqual([one]);
    expect(Object.keys((await receipts.initial([room.nid], BOB)).get(room.nid)!).sort()).toEqual([one, two].sort());
  });

  it('never moves a receipt back, and does not announce one that stays where it is', async () => {
    const [one, two] = [
      await say(rig.timeline, room.roomId, ALICE, '1'),
      await say(rig.timeline, room.roomId, ALICE, '2'),
    ];
    await read(BOB, two);
    const after = rig.storage.visible();
    await read(BOB, one);
    await read(BOB, two);
    expect(await since(ALICE, after)).toEqual(new Map());
    expect((await receipts.readUpTo(BOB, [room.nid])).get(room.nid)!.unthreaded).toBe(
      (await rig.timeline.event(two))!.ordinal,
    );
  });

  it('stands at the newest of many that come at once', async () => {
    const said: string[] = [];
    for (let i = 0; i < 12; i++) said.push(await say(rig.timeline, room.roomId, ALICE, `${i}`));
    await Promise.all([7, 3, 11, 0, 5, 10, 2].map((index) => read(BOB, said[index]!)));
    const newest = (await rig.timeline.event(said[11]!))!.ordinal;
    expect((await receipts.readUpTo(BOB, [room.nid])).get(room.nid)!.unthreaded).toBe(newest);
    expect(Object.keys((await receipts.initial([room.nid], ALICE)).get(room.nid)!)).toEqual([said[11]]);
  });

  it('takes the further of the public and the private receipt as read, at once and after a restart', async () => {
    const [one, two] = [
      await say(rig.timeline, room.roomId, ALICE, '1'),
      await say(rig.timeline, room.roomId, ALICE, '2'),
    ];
    const upTo = async () => (await receipts.readUpTo(BOB, [room.nid])).get(room.nid)!.unthreaded;
    expect(await upTo()).toBeUndefined();
    await read(BOB, one);
    const first = await upTo();
    await read(BOB, two, 'm.read.private');
    expect(await upTo()).toBe(first! + 1);
    receipts = make();
    expect(await upTo()).toBe(first! + 1);
  });

  it('keeps threads apart and refuses an event that is in another one', async () => {
    const root = await say(rig.timeline, room.roomId, ALICE, 'root');
    const inThread = await relate(rig.timeline, room.roomId, ALICE, {
      'm.relates_to': { rel_type: 'm.thread', event_id: root },
    });
    const reaction = await relate(
      rig.timeline,
      room.roomId,
      BOB,
      { 'm.relates_to': { rel_type: 'm.annotation', event_id: inThread, key: 'x' } },
      'm.reaction',
    );
    const start = rig.storage.visible();
    await read(BOB, root, 'm.read', 'main');
    await read(BOB, reaction, 'm.read', root);
    expect(await content(ALICE, start)).toEqual({
      [root]: { 'm.read': { [BOB]: { ts: expect.any(Number) as number, thread_id: 'main' } } },
      [reaction]: { 'm.read': { [BOB]: { ts: expect.any(Number) as number, thread_id: root } } },
    });
    await expect(read(BOB, inThread, 'm.read', 'main')).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    await expect(read(BOB, inThread, 'm.read', reaction)).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    await expect(read(BOB, inThread, 'm.read', '')).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    await expect(read(BOB, root, 'm.fully_read', root)).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
  });

  it('answers events of other rooms like events that do not exist, and strangers not at all', async () => {
    const other = await makeRoom(rig.timeline);
    const elsewhere = await say(rig.timeline, other.roomId, ALICE, 'x');
    const refusal = async (eventId: string) => read(BOB, eventId).catch((error: Error) => error.message);
    expect(await refusal(elsewhere)).toBe(await refusal('$unknown'));
    const here = await say(rig.timeline, room.roomId, ALICE, 'x');
    await expect(read('@stranger:trellis.test', here)).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
  });

  it('sets the fully-read marker as account data, forwards only, with receipts in the same request', async () => {
    const [one, two] = [
      await say(rig.timeline, room.roomId, ALICE, '1'),
      await say(rig.timeline, room.roomId, ALICE, '2'),
    ];
    await receipts.setMarkers(requester(BOB), room.roomId, { 'm.fully_read': two, 'm.read': one });
    await read(BOB, one, 'm.fully_read');
    expect(await accountData.get(BOB, room.roomId, 'm.fully_read')).toEqual({ event_id: two });
    const upTo = (await receipts.readUpTo(BOB, [room.nid])).get(room.nid)!.unthreaded;
    expect(upTo).toBe((await rig.timeline.event(one))!.ordinal);
  });

  it('gives the public ones of a server’s users since a time, newest first and no more than are wanted', async () => {
    const { roomId, nid } = room;
    const said = await say(rig.timeline, roomId, ALICE, '1');
    await read(ALICE, said);
    const start = clock;
    const next = await say(rig.timeline, roomId, ALICE, '2');
    await read(BOB, next);
    await read(BOB, next, 'm.read', 'main');
    await read(ALICE, next, 'm.read.private');
    await receipts.receive({ roomId, userId: '@carl:elsewhere.test', eventId: next, ts: clock });
    const found = async (from: number, limit: number) =>
      (await receipts.publicSince(nid, 'trellis.test', from, limit)).map(({ userId, threadId }) => [userId, threadId]);
    expect(await found(start, 10)).toEqual([
      [BOB, 'main'],
      [BOB, null],
    ]);
    expect(await found(0, 10)).toHaveLength(3);
    expect(await found(0, 1)).toEqual([[BOB, 'main']]);
  });

  it('writes nothing of a request with one bad event', async () => {
    const one = await say(rig.timeline, room.roomId, ALICE, '1');
    const request = receipts.setMarkers(requester(BOB), room.roomId, { 'm.fully_read': one, 'm.read': '$unknown' });
    await expect(request).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    expect(await accountData.get(BOB, room.roomId, 'm.fully_read')).toBeUndefined();
  });
});
