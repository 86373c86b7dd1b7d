import type { JsonObject, JsonValue } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { TestDag } from '../../../protocol/state-resolution/test-dag';
import { ALICE, BOB, forged, join, LOCAL, startRoom, text } from '../elsewhere-room';
import { KnowingServer, roomIdOfDag, startIngest } from '../ingest-rig';
import { requester, say } from '../rig';

describe('events from elsewhere', () => {
  let rig: Awaited<ReturnType<typeof startRoom>>;
  beforeEach(async () => {
    rig = await startRoom();
  });
  afterEach(() => rig.stop());

  it('take their place in the order and go on with ours', async () => {
    const { dag, joined, receive, room, timeline } = rig;
    const first = dag.add([joined], text(ALICE, 'hello'));
    const [outcome] = await receive(first.pdu);
    expect(outcome).toMatchObject({ eventId: first.eventId, status: 'accepted', event: { ordinal: 2 } });
    const ours = (await timeline.event(await say(timeline, room.roomId, LOCAL, 'hello')))!;
    expect(ours.ordinal).toBe(3);
    expect(ours.pdu.prev_events).toEqual([first.eventId]);
    expect((await receive(first.pdu))[0]).toMatchObject({ status: 'known' });
  });

  it('bring two forks together by our next event', async () => {
    const { dag, joined, receive, room, timeline, extremities } = rig;
    const forks = [dag.add([joined], text(ALICE, 'left')), dag.add([joined], text(BOB, 'right'))];
    await receive(...forks.map((fork) => fork.pdu));
    expect((await extremities(room)).sort()).toEqual(forks.map((fork) => fork.eventId).sort());
    const ours = await say(timeline, room.roomId, LOCAL, 'both');
    expect(await extremities(room)).toEqual([ours]);
  });

  it('leave few ends loose, however many forks somebody makes (row 45)', async () => {
    const { dag, joined, receive, room, extremities } = rig;
    const forks = Array.from({ length: 50 }, (_, index) => dag.add([joined], text(ALICE, `fork ${index}`)));
    await receive(...forks.map((fork) => fork.pdu));
    expect((await extremities(room)).length).toBeLessThanOrEqual(10);
  });

  it('are fetched when they are missing, in one call for many', async () => {
    const { dag, joined, receive, room, order, timeline, server } = rig;
    let last = joined;
    for (let i = 0; i < 15; i++) last = dag.add([last], text(ALICE, `missed ${i}`));
    expect((await receive(last.pdu))[0]).toMatchObject({ status: 'staged' });
    await timeline.ingest.idle();
    expect(await order(room)).toHaveLength(16);
    expect(server.calls).toEqual(['get_missing_events']);
    expect(rig.errors).toEqual([]);
  });

  it('leave a gap with free places when too many are missing, which history fills in order', async () => {
    const { dag, joined, receive, room, order, timeline } = rig;
    const nodes = [joined];
    for (let i = 0; i < 300; i++) nodes.push(dag.add([nodes.at(-1)!], text(ALICE, `missed ${i}`)));
    await receive(nodes.at(-1)!.pdu);
    await timeline.ingest.idle();
    for (let round = 0; round < 6; round++) {
      const shown = await timeline.range(room, { direction: 'f', limit: 1_000 });
      await timeline.history.fillAbove(
        room,
        shown.filter((event) => event.ordinal > 1),
        60_000,
      );
    }
    const all = await timeline.range(room, { direction: 'f', limit: 1_000 });
    const later = all.filter((event) => event.ordinal >= 1).map((event) => event.eventId);
    expect(later).toEqual(nodes.map((node) => node.eventId));
    expect(await order(room)).toEqual(expect.arrayContaining([joined.eventId]));
  });

  it('from before the join come below everything, once somebody asks, and not as news', async () => {
    const { dag, joined, room, timeline } = rig;
    const [joinEvent] = await timeline.range(room, { direction: 'f', limit: 1 });
    expect(await timeline.history.fillAbove(room, [joinEvent!], 60_000)).toBe(true);
    const all = await timeline.range(room, { direction: 'f', limit: 100 });
    expect(all.map((event) => event.eventId)).toEqual([...dag.nodes.keys()]);
    expect(all.map((event) => event.ordinal)).toEqual([-6, -5, -4, -3, -2, -1, 0, 1].slice(8 - all.length));
    expect(await timeline.latestOrdinal(room)).toBe(1);
    expect(await timeline.history.hasGaps(room)).toBe(false);
    expect((await timeline.currentState(room, 'm.room.member', LOCAL))!.eventId).toBe(joined.eventId);
  });

  it('that are only state are shown to nobody before their history arrives (row 51)', async () => {
    const { dag, timeline } = rig;
    const create = dag.create.eventId;
    expect(await timeline.event(create)).toBeUndefined();
    await timeline.currentStateAll(rig.room);
    expect(await timeline.event(create)).toBeUndefined();
  });

  it('without the right to be sent are kept as rejected and never shown, nor what rests on them (row 27)', async () => {
    const { dag, joined, receive, room, order, standing, timeline } = rig;
    const taken = { sender: BOB, type: 'm.room.power_levels', stateKey: '', content: { users: { [BOB]: 100 } } };
    const rejected = dag.add([joined], taken);
    const after = dag.add([rejected], text(BOB, 'after it'));
    const outcomes = await receive(rejected.pdu, after.pdu);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'accepted']);
    expect(await standing(rejected.eventId)).toMatchObject({ rejected: true, ordinal: undefined });
    expect(await order(room)).toEqual([joined.eventId, after.eventId]);
    const using = forged(dag, after, {
      sender: BOB,
      auth_events: [rejected.eventId, dag.nodes.get((after.pdu.auth_events as string[])[1]!)!.eventId],
    });
    expect((await receive(using))[0]).toMatchObject({ status: 'rejected' });
    const levels = await timeline.currentState(room, 'm.room.power_levels', '');
    expect(levels!.sender).toBe(ALICE);
  });

  it('are rejected in the same transaction as what they follow', async () => {
    const { dag, joined, receive } = rig;
    const first = dag.add([joined], text(ALICE, 'first'));
    const taken = { sender: BOB, type: 'm.room.power_levels', stateKey: '', content: { users: { [BOB]: 100 } } };
    const rejected = dag.add([first], taken);
    const after = dag.add([rejected], text(BOB, 'after it'));
    const outcomes = await receive(first.pdu, rejected.pdu, after.pdu);
    expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'accepted']);
  });

  it('that rest on an event which was rejected with them are rejected too', async () => {
    const { dag, joined, receive } = rig;
    const taken = { sender: BOB, type: 'm.room.power_levels', stateKey: '', content: { users: { [BOB]: 100 } } };
    const rejected = dag.add([joined], taken);
    const honest = dag.add([joined], text(BOB, 'honest'));
    const [, member] = honest.pdu.auth_events as string[];
    const using = forged(dag, joined, { sender: BOB, auth_events: [rejected.eventId, member!] });
    const outcomes = await receive(rejected.pdu, using);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('that name an event twice as their authority are rejected', async () => {
    const { dag, joined, receive } = rig;
    const honest = dag.add([joined], text(ALICE, 'honest'));
    const auth = honest.pdu.auth_events as string[];
    const [outcome] = await receive(forged(dag, joined, { auth_events: [...auth, auth[0]!] }));
    expect(outcome).toMatchObject({ status: 'rejected' });
  });

  it('that the room forbids by now are soft-failed: kept, not shown, not followed', async () => {
    const { dag, joined, receive, room, order, standing, extremities } = rig;
    const ban = dag.add([joined], {
      sender: ALICE,
      type: 'm.room.member',
      stateKey: BOB,
      content: { membership: 'ban' },
    });
    const late = dag.add([joined], text(BOB, 'from before the ban, says Bob'));
    const outcomes = await receive(ban.pdu, late.pdu);
    expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'soft_failed']);
    expect(await standing(late.eventId)).toMatchObject({ softFailed: true, ordinal: undefined });
    expect(await order(room)).toEqual([joined.eventId, ban.eventId]);
    expect(await extremities(room)).toEqual([ban.eventId]);
  });

  it('with auth events of another room are rejected (row 13)', async () => {
    const { dag, joined, receive, storage } = rig;
    const other = new TestDag('12', ALICE, { other: true });
    const member = other.add([other.create], join(ALICE));
    const stranger = new KnowingServer(other);
    const rules = other.chain([member], {
      sender: ALICE,
      type: 'm.room.join_rules',
      stateKey: '',
      content: { join_rule: 'public' },
    });
    const entered = other.add([rules], join(LOCAL));
    await rig.timeline.imports.importRoom(stranger.importOf(roomIdOfDag(other), entered));
    const event = forged(dag, joined, { auth_events: [member.eventId] });
    const [outcome] = await receive(event);
    expect(outcome).toMatchObject({ status: 'rejected' });
    const shown = 'SELECT COUNT(*) AS n FROM events WHERE event_id = ? AND ordinal IS NOT NULL';
    expect(await storage.get(shown, [outcome!.eventId!])).toEqual({ n: 0 });
  });

  it('with a depth beyond 2^53, too many parents or too large are dropped (row 3, row 36)', async () => {
    const { dag, joined, receive } = rig;
    const cases: Pdu[] = [
      forged(dag, joined, { depth: 1 }),
      forged(dag, joined, {}),
      forged(dag, joined, { content: { body: 'x'.repeat(70_000) } }),
    ];
    (cases[0] as { depth: number }).depth = 2 ** 63;
    (cases[1] as { prev_events: string[] }).prev_events = new Array<string>(21).fill(joined.eventId);
    const outcomes = await receive(...cases);
    expect(outcomes.map(({ status }) => status)).toEqual(['dropped', 'dropped', 'dropped']);
  });

  it('of servers that the ACL denies are dropped, whoever passes them on (row 6)', async () => {
    const { dag, joined, receive } = rig;
    const acl = { sender: ALICE, type: 'm.room.server_acl', stateKey: '', content: { allow: ['*'], deny: ['B.ORG'] } };
    const denied = dag.add([joined], acl);
    await receive(denied.pdu);
    const event = dag.add([denied], text(BOB, 'still here'));
    expect((await receive(event.pdu))[0]).toMatchObject({ status: 'dropped', error: { errcode: 'M_FORBIDDEN' } });
  });

  it('whose content was tampered with are kept redacted', async () => {
    const { dag, joined, receive, timeline } = rig;
    const event = dag.add([joined], text(ALICE, 'true words'));
    await receive({ ...event.pdu, content: { body: 'false words' } });
    expect((await timeline.event(event.eventId))!.pdu.content).toEqual({});
  });

  it('that redact take effect by right alone, also ahead of their target (row 10)', async () => {
    const { dag, joined, receive, timeline, standing } = rig;
    const target = dag.add([joined], text(ALICE, 'to be redacted'));
    const wrong = dag.add([target], { sender: BOB, type: 'm.room.redaction', content: { redacts: target.eventId } });
    await receive(target.pdu, wrong.pdu);
    expect((await timeline.event(target.eventId))!.redactedByNid).toBeNull();
    expect(await standing(wrong.eventId)).toMatchObject({ rejected: false, ordinal: undefined });
    const late = dag.add([wrong], text(BOB, 'redacted before it comes'));
    const early = dag.add([wrong], { sender: ALICE, type: 'm.room.redaction', content: { redacts: late.eventId } });
    await receive(early.pdu);
    await receive(late.pdu);
    expect((await timeline.event(late.eventId))!.redactedByNid).not.toBeNull();
    const create = dag.add([early], {
      sender: ALICE,
      type: 'm.room.redaction',
      content: { redacts: dag.create.eventId },
    });
    await receive(create.pdu);
    expect((await timeline.currentState(rig.room, 'm.room.create', ''))!.redactedByNid).toBeNull();
  });

  it('of a server that does not help do not keep those of others waiting', async () => {
    const { dag, joined, room, order, server, timeline } = rig;
    const honest = server.getMissingEvents.bind(server);
    let answer: () => void = () => undefined;
    const silence = new Promise<void>((resolve) => (answer = resolve));
    server.getMissingEvents = async (name, ...call) => {
      if (name === 'evil.org') await silence;
      return name === 'evil.org' ? [] : honest(name, ...call);
    };
    const withheld = dag.chain([joined], text(BOB, 'withheld'), text(BOB, 'offered'));
    const last = dag.chain([joined], text(ALICE, 'missed'), text(ALICE, 'sent'));
    await timeline.ingest.receive('evil.org', [withheld.pdu]);
    await timeline.ingest.receive('a.org', [last.pdu]);
    const isThere = async (): Promise<boolean> => (await order(room)).includes(last.eventId);
    for (let turn = 0; turn < 200 && !(await isThere()); turn++) await new Promise((done) => setTimeout(done, 10));
    expect(await isThere()).toBe(true);
    answer();
    await timeline.ingest.idle();
  });

  it('are refused when their sender waits and the path names another room (row 19)', async () => {
    const { dag, joined, timeline } = rig;
    const event = dag.add([joined], join('@carol:c.org'));
    const elsewhere = '!somewhere:a.org';
    await expect(timeline.ingest.accept('c.org', elsewhere, event.pdu)).rejects.toThrow('not in the room');
    const accepted = await timeline.ingest.accept('c.org', roomIdOfDag(dag), event.pdu);
    expect(accepted.eventId).toBe(event.eventId);
  });
});

describe('a room that comes from elsewhere', () => {
  it('has the state that came with it, without what was bad in it (row 17)', async () => {
    const dag = new TestDag('11', ALICE);
    const before = dag.chain(
      [dag.create],
      join(ALICE),
      { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
      join(BOB),
    );
    const joined = dag.add([before], join(LOCAL));
    const server = new KnowingServer(dag);
    const rig = await startIngest(server);
    try {
      const whole = server.importOf(roomIdOfDag(dag), joined);
      const bad = { ...(whole.state[0] as JsonObject), depth: 'deep' };
      const { room, join: stored } = await rig.timeline.imports.importRoom({
        ...whole,
        state: [...whole.state, bad, 5],
      });
      expect(stored).toMatchObject({ eventId: joined.eventId, ordinal: 1 });
      expect(await rig.current(room)).toEqual([...joined.after.values()].sort());
      expect(room.creators).toEqual([ALICE]);
      await rig.timeline.send(requester(LOCAL), {
        roomId: room.roomId,
        type: 'm.room.message',
        content: { msgtype: 'm.text', body: 'in' },
      });
    } finally {
      await rig.stop();
    }
  });

  it('begins with the create event of its state, whatever else its authority has', async () => {
    const dag = new TestDag('11', ALICE);
    const rules = { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } };
    const joined = dag.add([dag.chain([dag.create], join(ALICE), rules)], join(LOCAL));
    const server = new KnowingServer(dag);
    const rig = await startIngest(server);
    try {
      const whole = server.importOf(roomIdOfDag(dag), joined);
      const content = { room_version: '11', type: 'm.space' };
      const other = forged(dag, dag.create, {
        type: 'm.room.create',
        state_key: '',
        sender: '@mallory:a.org',
        content,
        prev_events: [],
      });
      const { room } = await rig.timeline.imports.importRoom({ ...whole, authChain: [other, ...whole.authChain] });
      expect(room).toMatchObject({ creators: [ALICE], roomType: null });
    } finally {
      await rig.stop();
    }
  });

  it('without members is judged leniently and becomes whole later', async () => {
    const dag = new TestDag('11', ALICE);
    const before = dag.chain(
      [dag.create],
      join(ALICE),
      { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
      join(BOB),
    );
    const joined = dag.add([before], join(LOCAL));
    const server = new KnowingServer(dag);
    const rig = await startIngest(server);
    try {
      const whole = server.importOf(roomIdOfDag(dag), joined);
      const isMember = (event: JsonValue) => (event as JsonObject).type === 'm.room.member';
      const { timeline } = rig;
      const { room } = await timeline.imports.importRoom({
        ...whole,
        state: whole.state.filter((event) => !isMember(event)),
        partial: { serversInRoom: ['b.org'] },
      });
      expect(await timeline.imports.partialRooms()).toMatchObject([
        { eventId: joined.eventId, servers: ['a.org', 'b.org'] },
      ]);
      const said = dag.add([joined], text(BOB, 'I am not in your state'));
      expect((await timeline.ingest.receive('b.org', [said.pdu]))[0]).toMatchObject({ status: 'accepted' });
      await expect(timeline.imports.whole(room, 1)).rejects.toMatchObject({ errcode: 'M_LIMIT_EXCEEDED' });
      await timeline.imports.completeState(room, { ...whole, eventId: joined.eventId });
      await timeline.imports.whole(room, 1);
      expect(await rig.current(room)).toEqual([...said.after.values()].sort());
    } finally {
      await rig.stop();
    }
  });
});
