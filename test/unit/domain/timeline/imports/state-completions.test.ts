import { RoomState } from '../../../../../src/domain/room-state';
import { Timeline, type PartialRoom, type StoredEvent } from '../../../../../src/domain/timeline';
import type { Node } from '../../../protocol/state-resolution/test-dag';
import { ALICE, BOB, forged, LOCAL, member, text, topic } from '../elsewhere-room';
import { MALLORY, ofMallory, startPartial, type PartialRig } from '../partial-room';
import { SERVER, signingKey } from '../rig';

describe('a room that was joined without its members', () => {
  let rig: PartialRig;
  beforeEach(async () => {
    rig = await startPartial();
  });
  afterEach(() => rig.stop());

  const statesAre = async (event: StoredEvent, node: Node): Promise<void> => {
    expect(await rig.idsAt(event.snapshotAfter)).toEqual([...node.after.values()].sort());
  };

  it('has its members under every state since, however many there were', async () => {
    const { dag, joined, receive, complete, timeline } = rig;
    const nodes: Node[] = [];
    for (let i = 0, last = joined; i < 40; i++) {
      last = dag.add([last], i % 2 === 0 ? topic(BOB, `topic ${i}`) : text(BOB, `text ${i}`));
      nodes.push(last);
    }
    await receive(...nodes.map((node) => node.pdu));
    await complete();
    for (const node of [joined, ...nodes]) await statesAre((await timeline.event(node.eventId))!, node);
    expect(await rig.current(rig.room)).toEqual([...nodes.at(-1)!.after.values()].sort());
  });

  it('tells of its members since what they were before', async () => {
    const { dag, joined, receive, complete, timeline } = rig;
    const unbanned = dag.add([joined], member(ALICE, MALLORY, 'leave'));
    await receive(unbanned.pdu);
    await timeline.ingest.idle();
    const replaced = async () => {
      const { replacesNid } = (await timeline.event(unbanned.eventId))!;
      return replacesNid === null ? undefined : (await timeline.events([replacesNid]))[0]!.pdu.content;
    };
    expect(await replaced()).toBeUndefined();
    await complete();
    expect(await replaced()).toEqual({ membership: 'ban' });
  });

  it('tells of no event that is taken out as what was there before', async () => {
    const { dag, joined, joinedOnce, receive, complete, timeline } = rig;
    const hostile = { type: 'm.room.topic', state_key: '', content: { topic: 'hostile' } };
    const [outcome] = await receive(ofMallory(dag, joined, joinedOnce, hostile));
    const ofBob = [...joined.after.values()].filter((id) => {
      const { type, state_key: stateKey } = dag.nodes.get(id)!.pdu;
      return type === 'm.room.create' || type === 'm.room.power_levels' || stateKey === BOB;
    });
    const next = forged(dag, joined, {
      ...hostile,
      sender: BOB,
      content: { topic: 'mended' },
      prev_events: [outcome!.eventId!],
      auth_events: ofBob,
    });
    expect(await receive(next)).toMatchObject([{ status: 'accepted' }]);
    await complete();
    const mended = (await timeline.currentState(rig.room, 'm.room.topic', ''))!;
    const [replaced] = await timeline.events([mended.replacesNid!]);
    expect([mended.pdu.content, replaced!.pdu.content]).toEqual([{ topic: 'mended' }, { topic: 'before' }]);
  });

  it('goes on afterwards, with what comes from both sides of a fork of before', async () => {
    const { dag, joined, receive, complete, timeline, room } = rig;
    const fork = [dag.add([joined], topic(BOB, 'one')), dag.add([joined], topic(ALICE, 'other'))];
    await receive(...fork.map((node) => node.pdu));
    await complete();
    const joint = dag.add(fork, text(BOB, 'both'));
    expect(await receive(joint.pdu)).toMatchObject([{ status: 'accepted' }]);
    await statesAre((await timeline.event(joint.eventId))!, joint);
    expect(await rig.current(room)).toEqual([...joint.after.values()].sort());
    const draft = { sender: LOCAL, type: 'm.room.message', content: { body: 'ours' } };
    await expect(timeline.append(room, [draft])).resolves.toHaveLength(1);
  });

  it('takes out what a banned user said meanwhile, and what rests on it', async () => {
    const { dag, joined, joinedOnce, receive, complete, order, room, extremities, standing } = rig;
    const said = ofMallory(dag, joined, joinedOnce);
    const set = ofMallory(dag, joined, joinedOnce, {
      type: 'm.room.topic',
      state_key: '',
      content: { topic: 'hostile' },
      origin_server_ts: 99,
    });
    const honest = dag.add([joined], text(BOB, 'honest'));
    const outcomes = await receive(said, set, honest.pdu);
    expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted']);
    const [saidId, setId] = outcomes.map(({ eventId }) => eventId!);
    expect(await rig.current(room)).toContain(setId);
    await complete();
    for (const id of [saidId!, setId!])
      expect(await standing(id)).toMatchObject({ rejected: true, ordinal: undefined });
    expect(await order()).toEqual(expect.arrayContaining([joined.eventId, honest.eventId]));
    expect(await order()).not.toEqual(expect.arrayContaining([saidId]));
    expect(await rig.current(room)).toEqual([...honest.after.values()].sort());
    expect(await extremities(room)).toEqual(expect.arrayContaining([honest.eventId]));
    expect(await extremities(room)).not.toEqual(expect.arrayContaining([saidId]));
    const next = dag.add([honest], text(BOB, 'and on'));
    expect(await receive(next.pdu)).toMatchObject([{ status: 'accepted' }]);
    expect((await order()).at(-1)).toBe(next.eventId);
  });

  it('lets nobody hold on to it once it is whole', async () => {
    const { complete, timeline, room, dag, joined, joinedOnce, receive } = rig;
    await expect(timeline.imports.whole(room, 1)).rejects.toMatchObject({ errcode: 'M_LIMIT_EXCEEDED' });
    const waiting = timeline.imports.whole(room, 60_000);
    await complete();
    await waiting;
    expect(await timeline.imports.partialRooms()).toEqual([]);
    // From now on the ban is known.
    const [outcome] = await receive(ofMallory(dag, joined, joinedOnce));
    expect(outcome!.status).toBe('rejected');
  });

  it('is completed after a restart too', async () => {
    const { dag, joined, receive, storage, room } = rig;
    const said = dag.add([joined], topic(BOB, 'meanwhile'));
    await receive(said.pdu);
    const roomState = new RoomState(storage);
    const timeline = new Timeline({ serverName: SERVER, signingKey }, storage, roomState);
    timeline.bindElsewhere(
      {
        verifier: { verify: async (_version, events) => events.map(() => undefined) },
        source: rig.server,
        servers: { isResident: async () => true, serversToAsk: async () => ['a.org'] },
      },
      (error) => rig.errors.push(error),
    );
    const [partial] = await timeline.imports.partialRooms();
    expect(partial).toMatchObject<Partial<PartialRoom>>({ eventId: joined.eventId, servers: ['a.org', 'b.org'] });
    await rig.complete(timeline);
    const state = (await timeline.currentStateAll(room)).map((event) => event.eventId).sort();
    expect(state).toEqual([...said.after.values()].sort());
    expect(await timeline.imports.partialRooms()).toEqual([]);
  });

  it('is as partial as before when completing it fails', async () => {
    const { timeline, complete } = rig;
    let failures = 0;
    timeline.addParticipant({
      eventsAppended: async () => undefined,
      stateChanged: async () => {
        if (failures++ === 0) throw new Error('disk full');
      },
    });
    await expect(complete()).rejects.toThrow('disk full');
    expect(await timeline.imports.partialRooms()).toHaveLength(1);
    await complete();
    expect(await timeline.imports.partialRooms()).toEqual([]);
  });
});
