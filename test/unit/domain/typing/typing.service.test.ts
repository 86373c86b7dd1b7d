import { Typing } from '../../../../src/domain/typing';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { setMember, startReading, type ReadingRig } from '../event-views/reading-rig';
import { ALICE, BOB, makeRoom, requester } from '../timeline/rig';

describe('typing', () => {
  let rig: ReadingRig;
  let typing: Typing;
  let room: RoomInfo;
  beforeEach(async () => {
    rig = await startReading();
    typing = new Typing(rig.storage, rig.membership);
    room = await makeRoom(rig.timeline, '12', [BOB]);
  });
  afterEach(async () => {
    typing.stop();
    await rig.stop();
  });

  const set = (userId: string, on: boolean, timeoutMs?: number) =>
    typing.set(requester(userId), { roomId: room.roomId, userId, typing: on, timeoutMs });

  it('announces beginnings and ends, and prolonging not', async () => {
    const heard: string[][] = [];
    rig.storage.subscribe('typing', () => heard.push(typing.current(room.roomId)));
    await set(ALICE, true);
    await set(BOB, true);
    await set(ALICE, true);
    await set(ALICE, false);
    await set(ALICE, false);
    expect(heard).toEqual([[ALICE], [ALICE, BOB], [BOB]]);
  });

  it('tells by position whether a room changed', async () => {
    const before = rig.storage.visible();
    expect(typing.changedSince(room.roomId, before)).toBe(false);
    await set(ALICE, true);
    expect(typing.changedSince(room.roomId, before)).toBe(true);
    expect(typing.changedSince(room.roomId, rig.storage.visible())).toBe(false);
  });

  it('ends by itself', async () => {
    const ended = new Promise<void>((resolve) => {
      rig.storage.subscribe('typing', () => {
        if (typing.current(room.roomId).length === 0) resolve();
      });
    });
    await set(ALICE, true, 20);
    expect(typing.current(room.roomId)).toEqual([ALICE]);
    await ended;
    expect(typing.current(room.roomId)).toEqual([]);
  });

  it('ends with leaving the room', async () => {
    await set(BOB, true);
    await setMember(rig.timeline, room.roomId, ALICE, BOB, 'leave');
    expect(typing.current(room.roomId)).toEqual([]);
  });

  it('refuses to type for somebody else or in rooms that one is not in', async () => {
    const other = typing.set(requester(BOB), { roomId: room.roomId, userId: ALICE, typing: true });
    await expect(other).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    await expect(set('@carol:trellis.test', true)).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(typing.current(room.roomId)).toEqual([]);
  });
});
