import type { RoomInfo } from '../../../../src/domain/room-state';
import type { StoredEvent } from '../../../../src/domain/timeline';
import { ALICE, BOB, join, makeRoom, say, SERVER } from '../timeline/rig';
import { redact, relate, setMember, setState, startReading, type ReadingRig } from './reading-rig';

const CAROL = `@carol:${SERVER}`;

describe('event views', () => {
  let rig: ReadingRig;
  beforeEach(async () => {
    rig = await startReading();
  });
  afterEach(() => rig.stop());

  const all = (room: RoomInfo): Promise<StoredEvent[]> => rig.timeline.range(room, { direction: 'f', limit: 1000 });
  const bodies = async (userId: string, room: RoomInfo): Promise<unknown[]> =>
    (await rig.views.forUser(userId, room, await all(room)))
      .filter((event) => event.type === 'm.room.message')
      .map((event) => event.content.body);
  const visibility = (room: RoomInfo, history_visibility: string) =>
    setState(rig.timeline, room.roomId, ALICE, 'm.room.history_visibility', { history_visibility });

  describe('visibility', () => {
    it('shows shared history to those who join later, and to nobody else', async () => {
      const room = await makeRoom(rig.timeline);
      await say(rig.timeline, room.roomId, ALICE, 'before');
      expect(await bodies(BOB, room)).toEqual([]);
      await join(rig.timeline, room.roomId, BOB);
      expect(await bodies(BOB, room)).toEqual(['before']);
    });

    it('hides what came before the join where history is for the joined', async () => {
      const room = await makeRoom(rig.timeline);
      await visibility(room, 'joined');
      await say(rig.timeline, room.roomId, ALICE, 'before');
      await setMember(rig.timeline, room.roomId, ALICE, BOB, 'invite');
      await say(rig.timeline, room.roomId, ALICE, 'invited');
      await join(rig.timeline, room.roomId, BOB);
      await say(rig.timeline, room.roomId, ALICE, 'joined');
      expect(await bodies(BOB, room)).toEqual(['joined']);
    });

    it('shows from the invite on where history is for the invited', async () => {
      const room = await makeRoom(rig.timeline);
      await visibility(room, 'invited');
      await say(rig.timeline, room.roomId, ALICE, 'before');
      await setMember(rig.timeline, room.roomId, ALICE, BOB, 'invite');
      await say(rig.timeline, room.roomId, ALICE, 'invited');
      expect(await bodies(BOB, room)).toEqual(['invited']);
    });

    it('judges each event by the setting at the event, not by the one of today', async () => {
      const room = await makeRoom(rig.timeline);
      await visibility(room, 'joined');
      await say(rig.timeline, room.roomId, ALICE, 'secret');
      await visibility(room, 'world_readable');
      await say(rig.timeline, room.roomId, ALICE, 'open');
      expect(await bodies(CAROL, room)).toEqual(['open']);
      await join(rig.timeline, room.roomId, BOB);
      expect(await bodies(BOB, room)).toEqual(['open']);
    });

    it('ends with leaving, and being kicked shows as the last event', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      await say(rig.timeline, room.roomId, ALICE, 'while joined');
      await setMember(rig.timeline, room.roomId, ALICE, BOB, 'leave');
      await say(rig.timeline, room.roomId, ALICE, 'after');
      expect(await bodies(BOB, room)).toEqual(['while joined']);
      const seen = await rig.views.visible(BOB, room, await all(room));
      expect(seen.at(-1)).toMatchObject({ type: 'm.room.member', stateKey: BOB });
    });

    it('shows the time between two memberships only where history is shared', async () => {
      for (const [setting, expected] of [
        ['shared', ['in', 'out', 'again']],
        ['joined', ['in', 'again']],
      ] as const) {
        const room = await makeRoom(rig.timeline, '12', [BOB]);
        await visibility(room, setting);
        await say(rig.timeline, room.roomId, ALICE, 'in');
        await setMember(rig.timeline, room.roomId, BOB, BOB, 'leave');
        await say(rig.timeline, room.roomId, ALICE, 'out');
        await join(rig.timeline, room.roomId, BOB);
        await say(rig.timeline, room.roomId, ALICE, 'again');
        expect(await bodies(BOB, room)).toEqual(expected);
      }
    });

    it('shows a change of the setting to those whom the setting before or after it lets in', async () => {
      const room = await makeRoom(rig.timeline);
      await visibility(room, 'world_readable');
      await visibility(room, 'joined');
      const seen = await rig.views.visible(CAROL, room, await all(room));
      expect(seen.map((event) => (event.pdu.content as { history_visibility?: string }).history_visibility)).toEqual([
        'world_readable',
        'joined',
      ]);
    });

    it('keeps what one saw through any number of profile changes', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      await visibility(room, 'joined');
      const rename = (displayname: string) =>
        setState(rig.timeline, room.roomId, BOB, 'm.room.member', { membership: 'join', displayname }, BOB);
      await say(rig.timeline, room.roomId, ALICE, 'first');
      for (let i = 0; i < 3; i++) await rename(`b${i}`);
      expect(await bodies(BOB, room)).toEqual(['first']);
      await say(rig.timeline, room.roomId, ALICE, 'second');
      for (let i = 3; i < 6; i++) await rename(`b${i}`);
      expect(await bodies(BOB, room)).toEqual(['first', 'second']);
    });

    it('takes a forgotten room from its former member', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      await say(rig.timeline, room.roomId, ALICE, 'hello');
      await setMember(rig.timeline, room.roomId, BOB, BOB, 'leave');
      rig.membership.forgotten.add(BOB);
      expect(await bodies(BOB, room)).toEqual([]);
    });

    it('hides messages of ignored users but not their state', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      await say(rig.timeline, room.roomId, BOB, 'noise');
      await say(rig.timeline, room.roomId, ALICE, 'news');
      rig.ignored.set(ALICE, new Set([BOB]));
      const seen = await rig.views.visible(ALICE, room, await all(room));
      expect(seen.filter((event) => event.sender === BOB).map((event) => event.type)).toEqual(['m.room.member']);
    });
  });

  describe('form', () => {
    it('tells the previous content, what was replaced, the age and the membership at the event', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      const first = await setState(rig.timeline, room.roomId, ALICE, 'm.room.topic', { topic: 'one' });
      const second = await setState(rig.timeline, room.roomId, ALICE, 'm.room.topic', { topic: 'two' });
      const written = await rig.views.one(BOB, room, (await rig.timeline.event(second))!);
      expect(written!.unsigned).toMatchObject({
        prev_content: { topic: 'one' },
        replaces_state: first,
        membership: 'join',
      });
      expect(written!.unsigned!.age).toBeGreaterThanOrEqual(0);
      expect(written!.room_id).toBe(room.roomId);
      const create = (await rig.views.forUser(BOB, room, await all(room)))[0];
      expect(create!.unsigned!.membership).toBe('leave');
    });

    it('gives a transaction id back to the device that sent it, and to no other', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      const key = { userId: BOB, scope: 'PHONE', path: 'p', txnId: 'txn-7' };
      const draft = { roomId: room.roomId, type: 'm.room.message', content: { msgtype: 'm.text', body: 'x' } };
      const requester = { userId: BOB, deviceId: 'PHONE', tokenId: 1, isGuest: false, isAdmin: false };
      const event = (await rig.timeline.event(await rig.timeline.send(requester, draft, key)))!;
      const idFor = async (userId: string, deviceScope: string) =>
        (await rig.views.one(userId, room, event, { deviceScope, withoutRoomId: true }))!.unsigned!.transaction_id;
      expect(await idFor(BOB, 'PHONE')).toBe('txn-7');
      expect(await idFor(BOB, 'LAPTOP')).toBeUndefined();
      expect(await idFor(ALICE, 'PHONE')).toBeUndefined();
    });

    it.each(['1', '10', '11', '12'])('strips redacted events in rooms of version %s and says why', async (version) => {
      const room = await makeRoom(rig.timeline, version, [BOB]);
      const said = await say(rig.timeline, room.roomId, BOB, 'regret');
      const redaction = await redact(rig.timeline, room.roomId, BOB, said);
      const [gone, why] = (await rig.views.forUser(ALICE, room, await all(room))).slice(-2);
      expect(gone).toMatchObject({
        event_id: said,
        content: {},
        unsigned: { redacted_because: { event_id: redaction } },
      });
      expect(gone!.unsigned!.redacted_because).toMatchObject({ redacts: said, content: { redacts: said } });
      expect(why).toMatchObject({ redacts: said, content: { redacts: said } });
    });

    it('does not reveal redacted state as the previous content', async () => {
      const room = await makeRoom(rig.timeline);
      const secret = await setState(rig.timeline, room.roomId, ALICE, 'm.room.topic', { topic: 'secret' });
      await redact(rig.timeline, room.roomId, ALICE, secret);
      const next = await setState(rig.timeline, room.roomId, ALICE, 'm.room.topic', { topic: 'new' });
      const written = await rig.views.one(ALICE, room, (await rig.timeline.event(next))!);
      expect(written!.unsigned!.prev_content).toEqual({});
    });

    it('strips state for strangers to what they may know, redacted where it was redacted', async () => {
      const room = await makeRoom(rig.timeline);
      const name = await setState(rig.timeline, room.roomId, ALICE, 'm.room.name', { name: 'Secret' });
      const stripped = async () => rig.views.stripped(room, [(await rig.timeline.event(name))!]);
      const form = { type: 'm.room.name', state_key: '', sender: ALICE };
      expect(await stripped()).toEqual([{ ...form, content: { name: 'Secret' } }]);
      await redact(rig.timeline, room.roomId, ALICE, name);
      expect(await stripped()).toEqual([{ ...form, content: {} }]);
    });

    it('reads a page in a number of statements that does not depend on its length', async () => {
      let statements = 0;
      await rig.stop();
      rig = await startReading((storage) => countReads(storage, () => statements++));
      const room = await makeRoom(rig.timeline);
      await visibility(room, 'invited');
      for (let i = 0; i < 40; i++) {
        await say(rig.timeline, room.roomId, ALICE, `m${i}`);
        await setState(rig.timeline, room.roomId, ALICE, 'm.room.topic', { topic: `t${i}` });
      }
      await join(rig.timeline, room.roomId, BOB);
      const events = (await all(room)).filter((event) => event.type === 'm.room.message');
      const cost = async (some: readonly StoredEvent[]) => {
        const before = statements;
        await rig.views.forUser(BOB, room, some, { bundled: true, deviceScope: 'X' });
        return statements - before;
      };
      // Nothing of these two pages is in memory: all their snapshots differ.
      expect(await cost(events.slice(0, 30))).toBe(await cost(events.slice(30, 32)));
    });
  });

  describe('bundling', () => {
    const page = async (userId: string, room: RoomInfo, eventId: string) =>
      (await rig.views.one(userId, room, (await rig.timeline.event(eventId))!, { bundled: true }))!.unsigned![
        'm.relations'
      ] as Record<string, Record<string, unknown>> | undefined;
    const edit = (room: RoomInfo, userId: string, eventId: string, body: string) =>
      relate(rig.timeline, room.roomId, userId, {
        'm.new_content': { msgtype: 'm.text', body },
        'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
      });
    const reply = (room: RoomInfo, userId: string, root: string) =>
      relate(rig.timeline, room.roomId, userId, { 'm.relates_to': { rel_type: 'm.thread', event_id: root } });

    it('adds the latest edit by the sender, and leaves out edits of others and redacted ones', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      const original = await say(rig.timeline, room.roomId, ALICE, 'teh');
      const first = await edit(room, ALICE, original, 'the');
      const second = await edit(room, ALICE, original, 'the!');
      await edit(room, BOB, original, 'forged');
      expect((await page(BOB, room, original))!['m.replace']).toMatchObject({ event_id: second, room_id: room.roomId });
      await redact(rig.timeline, room.roomId, ALICE, second);
      expect((await page(BOB, room, original))!['m.replace']).toMatchObject({ event_id: first });
      await redact(rig.timeline, room.roomId, ALICE, original);
      expect(await page(BOB, room, original)).toBeUndefined();
    });

    it('sums up threads: latest event, count and participation, without ignored users', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB, CAROL]);
      const root = await say(rig.timeline, room.roomId, ALICE, 'root');
      const one = await reply(room, BOB, root);
      const two = await reply(room, CAROL, root);
      const seenBy = async (userId: string) => (await page(userId, room, root))?.['m.thread'];
      expect(await seenBy(BOB)).toMatchObject({
        count: 2,
        latest_event: { event_id: two },
        current_user_participated: true,
      });
      rig.ignored.set(BOB, new Set([CAROL]));
      expect(await seenBy(BOB)).toMatchObject({ count: 1, latest_event: { event_id: one } });
      await join(rig.timeline, room.roomId, '@dan:trellis.test');
      expect(await seenBy('@dan:trellis.test')).toMatchObject({ current_user_participated: false });
    });

    it('lists references, and bundles neither annotations nor relations from other rooms', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      const other = await makeRoom(rig.timeline);
      const target = await say(rig.timeline, room.roomId, ALICE, 'target');
      const relation = (rel_type: string, key?: string) => ({ 'm.relates_to': { rel_type, event_id: target, key } });
      const reference = await relate(rig.timeline, room.roomId, BOB, {
        'm.relates_to': { rel_type: 'm.reference', event_id: target },
      });
      await relate(rig.timeline, room.roomId, BOB, relation('m.annotation', 'like'), 'm.reaction');
      await relate(rig.timeline, other.roomId, ALICE, {
        'm.relates_to': { rel_type: 'm.reference', event_id: target },
      });
      expect(await page(ALICE, room, target)).toEqual({ 'm.reference': { chunk: [{ event_id: reference }] } });
    });

    it('does not show a former member what was added after they left', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      const original = await say(rig.timeline, room.roomId, ALICE, 'public');
      await setMember(rig.timeline, room.roomId, BOB, BOB, 'leave');
      await edit(room, ALICE, original, 'now secret');
      await reply(room, ALICE, original);
      expect(await page(BOB, room, original)).toBeUndefined();
    });
  });
});

function countReads<T extends object>(storage: T, count: () => void): T {
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'all' || name === 'get') count();
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
