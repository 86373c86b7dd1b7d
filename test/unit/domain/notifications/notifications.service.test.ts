import { AccountData } from '../../../../src/domain/account-data';
import { Notifications } from '../../../../src/domain/notifications';
import { CheckpointStore } from '../../../../src/domain/notifications/checkpoint-store.service';
import { Checkpoint } from '../../../../src/domain/notifications/checkpoint.model';
import { CheckpointsReader } from '../../../../src/domain/notifications/checkpoints.repository';
import { PushRules } from '../../../../src/domain/push-rules';
import { Receipts } from '../../../../src/domain/receipts';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { redact, relate, setMember, setState, startReading, type ReadingRig } from '../event-views/reading-rig';
import { ALICE, BOB, join, makeRoom, requester, say } from '../timeline/rig';

describe('notifications', () => {
  let rig: ReadingRig;
  let receipts: Receipts;
  let pushRules: PushRules;
  let notifications: Notifications;
  let room: RoomInfo;
  let judged: string[];

  beforeEach(async () => {
    rig = await startReading();
    const accountData = new AccountData(rig.storage);
    const { storage, membership, timeline, relations } = rig;
    receipts = new Receipts(storage, { membership, timeline, relations, accountData, now: Date.now });
    pushRules = new PushRules(storage, accountData);
    judged = [];
    notifications = make();
    room = await makeRoom(rig.timeline, '12', [BOB]);
  });
  afterEach(() => rig.stop());

  /** Notes which events the rules are applied to. */
  const watched: Pick<PushRules, 'rulesFor'> = {
    rulesFor: async (userId) => {
      const rules = await pushRules.rulesFor(userId);
      return {
        evaluate: (event, context) => {
          judged.push(event.event_id as string);
          return rules.evaluate(event, context);
        },
      };
    },
  };
  function make(): Notifications {
    const { storage, timeline, membership, relations, accountData } = rig;
    const deps = { accountData, pushRules: watched, timeline, membership, relations, receipts };
    return new Notifications(storage, deps, (error) => {
      throw error;
    });
  }
  const of = async (userId: string): Promise<[number, number]> => {
    const { main } = await notifications.counts(userId, room);
    return [main.notification, main.highlight];
  };
  const mention = (userId: string, target: string) =>
    relate(rig.timeline, room.roomId, userId, { 'm.mentions': { user_ids: [target] } });
  const read = (userId: string, eventId: string, threadId?: string) =>
    receipts.set(requester(userId), { roomId: room.roomId, type: 'm.read', eventId, threadId });
  const inThread = (userId: string, root: string) =>
    relate(rig.timeline, room.roomId, userId, { 'm.relates_to': { rel_type: 'm.thread', event_id: root } });

  it('counts messages and mentions of others, and not ones own', async () => {
    expect(await of(BOB)).toEqual([0, 0]);
    await say(rig.timeline, room.roomId, ALICE, 'hello');
    await mention(ALICE, BOB);
    expect(await of(BOB)).toEqual([2, 1]);
    expect(await of(ALICE)).toEqual([0, 0]);
  });

  it('counts from the join on', async () => {
    await say(rig.timeline, room.roomId, ALICE, 'before');
    await join(rig.timeline, room.roomId, '@carol:trellis.test');
    await say(rig.timeline, room.roomId, ALICE, 'after');
    expect(await of('@carol:trellis.test')).toEqual([1, 0]);
  });

  it('does not take a new name for a new join', async () => {
    await say(rig.timeline, room.roomId, ALICE, '1');
    await setState(rig.timeline, room.roomId, BOB, 'm.room.member', { membership: 'join', displayname: 'B' }, BOB);
    expect(await of(BOB)).toEqual([1, 0]);
  });

  it('judges each event once, whatever is read in between', async () => {
    const first = await say(rig.timeline, room.roomId, ALICE, '1');
    const second = await mention(ALICE, BOB);
    await of(BOB);
    await read(BOB, first);
    expect(await of(BOB)).toEqual([1, 1]);
    const third = await say(rig.timeline, room.roomId, ALICE, '3');
    expect(await of(BOB)).toEqual([2, 1]);
    expect(judged).toEqual([first, second, third]);
  });

  it('goes on after a restart where it was', async () => {
    await say(rig.timeline, room.roomId, ALICE, '1');
    await mention(ALICE, BOB);
    await of(BOB);
    await notifications.stop();
    judged = [];
    notifications = make();
    expect(await of(BOB)).toEqual([2, 1]);
    expect(judged).toEqual([]);
  });

  it('writes down little by little what it found out, so that a crash costs little', async () => {
    const store = new CheckpointStore(rig.storage);
    const checkpoint = new Checkpoint({ judgedTo: 10, away: false, unread: [] });
    const stored = async () => (await new CheckpointsReader(rig.storage).of(BOB, [room.nid])).get(room.nid)?.judgedTo;
    checkpoint.judgedTo = 12;
    store.changed(BOB, room.nid, checkpoint);
    await store.save();
    expect(await stored()).toBeUndefined();
    checkpoint.judgedTo = 40;
    await store.save();
    expect(await stored()).toBe(40);
    checkpoint.judgedTo = 41;
    store.changed(BOB, room.nid, checkpoint);
    await store.save();
    expect(await stored()).toBe(40);
    await store.save(true);
    expect(await stored()).toBe(41);
  });

  it('finds the same after a crash by judging again', async () => {
    await say(rig.timeline, room.roomId, ALICE, '1');
    await of(BOB);
    notifications = make();
    expect(await of(BOB)).toEqual([1, 0]);
  });

  it('takes sending a message as having read up to it', async () => {
    await say(rig.timeline, room.roomId, ALICE, '1');
    await of(BOB);
    await say(rig.timeline, room.roomId, BOB, 'reply');
    await say(rig.timeline, room.roomId, ALICE, '2');
    expect(await of(BOB)).toEqual([1, 0]);
  });

  it('keeps threads apart', async () => {
    const root = await say(rig.timeline, room.roomId, ALICE, 'root');
    const reply = await inThread(ALICE, root);
    const second = await mention(ALICE, BOB);
    const counts = await notifications.counts(BOB, room);
    expect(counts.main).toEqual({ notification: 2, highlight: 1 });
    expect(counts.threads).toEqual(new Map([[root, { notification: 1, highlight: 0 }]]));
    await read(BOB, second, 'main');
    expect(await of(BOB)).toEqual([0, 0]);
    expect((await notifications.counts(BOB, room)).threads.size).toBe(1);
    await read(BOB, reply, root);
    expect((await notifications.counts(BOB, room)).threads.size).toBe(0);
  });

  it('lets a receipt for the whole room end what is unread in its threads', async () => {
    const root = await say(rig.timeline, room.roomId, ALICE, 'root');
    const reply = await inThread(ALICE, root);
    await notifications.counts(BOB, room);
    await read(BOB, reply);
    expect(await notifications.counts(BOB, room)).toEqual({
      main: { notification: 0, highlight: 0 },
      threads: new Map(),
    });
  });

  it('does not count redacted events and those of ignored users', async () => {
    const regretted = await mention(ALICE, BOB);
    const kept = await mention(ALICE, BOB);
    expect(await of(BOB)).toEqual([2, 2]);
    await redact(rig.timeline, room.roomId, ALICE, regretted);
    expect(await of(BOB)).toEqual([1, 1]);
    await read(BOB, kept);
    rig.ignored.set(BOB, new Set([ALICE]));
    await mention(ALICE, BOB);
    expect(await of(BOB)).toEqual([0, 0]);
  });

  it('follows the rules of the user at the time', async () => {
    await pushRules.put(BOB, 'room', room.roomId, { actions: [] }, {});
    await say(rig.timeline, room.roomId, ALICE, 'quiet');
    expect(await of(BOB)).toEqual([0, 0]);
    await pushRules.remove(BOB, 'room', room.roomId);
    await say(rig.timeline, room.roomId, ALICE, 'loud');
    expect(await of(BOB)).toEqual([1, 0]);
  });

  it('starts anew with a new join', async () => {
    await say(rig.timeline, room.roomId, ALICE, '1');
    await of(BOB);
    await setMember(rig.timeline, room.roomId, BOB, BOB, 'leave');
    await say(rig.timeline, room.roomId, ALICE, '2');
    expect(await of(BOB)).toEqual([0, 0]);
    await say(rig.timeline, room.roomId, ALICE, '3');
    await join(rig.timeline, room.roomId, BOB);
    await say(rig.timeline, room.roomId, ALICE, '4');
    expect(await of(BOB)).toEqual([1, 0]);
  });

  it('gives concurrent askers the same answer and judges for all of them once', async () => {
    const sent = await say(rig.timeline, room.roomId, ALICE, '1');
    expect(await Promise.all([of(BOB), of(BOB), of(BOB)])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expect(judged).toEqual([sent]);
  });

  it('reads for many rooms at once what their counts will need', async () => {
    await say(rig.timeline, room.roomId, ALICE, '1');
    await of(BOB);
    await notifications.stop();
    judged = [];
    notifications = make();
    await notifications.prepare(BOB, [room]);
    expect(await of(BOB)).toEqual([1, 0]);
    expect(judged).toEqual([]);
  });
});
