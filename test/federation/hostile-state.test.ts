import type { JsonObject } from '#kernel/json';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { path, type JoinedRoom } from './hostile-server';
import { at, makeRoom, stateOf } from './people';

const TOPIC = 'm.room.topic';
const POWER = 'm.room.power_levels';
const MEMBER = 'm.room.member';

/** Attempts at turning back what a room has decided. */
describe.each(['11', '12'])('in a room of version %s a hostile server', (room_version) => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  const power = async (room: JoinedRoom, users: JsonObject, more: JsonObject = {}) => {
    const before = await stateOf(scene.alice, room.roomId, POWER);
    // The creators of later versions stand above all levels and are not listed.
    const ours = room_version === '12' ? {} : { [scene.alice.userId]: 100 };
    const body = { ...before, users: { ...ours, ...users }, ...more };
    const { status } = await scene.alice.api('PUT', at(room.roomId, `state/${POWER}/`), body);
    expect(status).toBe(200);
    return scene.stateId(room.roomId, POWER);
  };

  /** A room with a topic, in which the hostile user once had rights and has none any more. */
  const demoted = async () => {
    const room = await scene.anotherRoom({ room_version, topic: 'decided' });
    const raised = await power(room, { [scene.hostile.userId]: 50 });
    const before = await scene.ends(room.roomId);
    const lowered = await power(room, {});
    const create = room_version === '12' ? [] : [await scene.stateId(room.roomId, 'm.room.create')];
    const auth = (levels: string) => [...create, levels, room.join.eventId];
    return { room, raised, lowered, before, auth, create };
  };
  const topicOf = async (room: JoinedRoom) => (await stateOf(scene.alice, room.roomId, TOPIC))['topic'];

  it('row 42: sets no state with rights that it has lost, from a place where it still had them', async () => {
    const { room, raised, before, auth } = await demoted();
    const event = { prevEvents: before, authEvents: auth(raised), depth: 50 };
    const topic = scene.hostile.event(room, { type: TOPIC, stateKey: '', content: { topic: 'reset' }, ...event });
    const levels = { users: { [scene.hostile.userId]: 50 }, state_default: 0, ban: 0 };
    const powers = scene.hostile.event(room, { type: POWER, stateKey: '', content: levels, ...event });
    await scene.hostile.send(topic.pdu, powers.pdu);
    expect(await topicOf(room)).toBe('decided');
    // Nor by an event that brings both sides together.
    const both = [topic.eventId, powers.eventId, ...(await scene.ends(room.roomId))];
    const merge = scene.hostile.event(room, {
      prevEvents: both,
      authEvents: auth(await scene.stateId(room.roomId, POWER)),
    });
    await scene.hostile.send(merge.pdu);
    expect(await topicOf(room)).toBe('decided');
    expect(await stateOf(scene.alice, room.roomId, POWER)).not.toMatchObject({ ban: 0 });
  });

  it('row 27: gets nothing from an event that was rejected, nor from what follows it', async () => {
    const { room, lowered, auth } = await demoted();
    const bad = scene.hostile.event(room, {
      type: TOPIC,
      stateKey: '',
      content: { topic: 'x' },
      authEvents: auth(lowered),
    });
    const prevEvents = [bad.eventId, ...(await scene.ends(room.roomId))];
    const after = scene.hostile.event(room, { prevEvents, authEvents: auth(lowered) });
    const again = scene.hostile.event(room, { prevEvents: [after.eventId], authEvents: auth(lowered) });
    const answer = await scene.hostile.send(bad.pdu, after.pdu, again.pdu);
    expect(answer[bad.eventId]).toHaveProperty('error');
    expect(await topicOf(room)).toBe('decided');
    const { body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=50'));
    expect(JSON.stringify(body)).not.toContain(bad.eventId);
  });

  it('row 4: makes up a state without power levels, in which everybody could do everything', async () => {
    const { room, create, lowered } = await demoted();
    const missing = `$${'M'.repeat(43)}`;
    const member = await scene.stateId(room.roomId, MEMBER, scene.alice.userId);
    const rules = await scene.stateId(room.roomId, 'm.room.join_rules');
    const begun = await scene.stateId(room.roomId, 'm.room.create');
    scene.hostile.answers({
      state_ids: { pdu_ids: [begun, member, rules, room.join.eventId], auth_chain_ids: [begun, member] },
      get_missing_events: { events: [] },
    });
    const authEvents = [...create, room.join.eventId];
    const reset = scene.hostile.event(room, {
      type: TOPIC,
      stateKey: '',
      content: { topic: 'reset' },
      prevEvents: [missing],
      authEvents,
    });
    await scene.hostile.send(reset.pdu);
    await scene.victim.domain.timeline.ingest.idle();
    expect(scene.hostile.askedFor('state_ids')).toBeGreaterThan(0);
    const prevEvents = [reset.eventId, ...(await scene.ends(room.roomId))];
    const merge = scene.hostile.event(room, { prevEvents, authEvents: [...create, lowered, room.join.eventId] });
    await scene.hostile.send(merge.pdu);
    await scene.victim.domain.timeline.ingest.idle();
    expect(await topicOf(room)).toBe('decided');
    expect(await scene.stateId(room.roomId, POWER)).toBe(lowered);
  });

  it('row 16: does not come back from a ban by an event from before it', async () => {
    const room = await scene.anotherRoom({ room_version });
    const before = await scene.ends(room.roomId);
    const levels = await scene.stateId(room.roomId, POWER);
    const rules = await scene.stateId(room.roomId, 'm.room.join_rules');
    const create = room_version === '12' ? [] : [await scene.stateId(room.roomId, 'm.room.create')];
    const ban = await scene.alice.api('POST', at(room.roomId, 'ban'), { user_id: scene.hostile.userId });
    expect(ban.status).toBe(200);
    const member = (membership: string) => ({ type: MEMBER, stateKey: scene.hostile.userId, content: { membership } });
    const leave = scene.hostile.event(room, {
      ...member('leave'),
      prevEvents: before,
      authEvents: [...create, levels, room.join.eventId],
    });
    const join = scene.hostile.event(room, {
      ...member('join'),
      prevEvents: [leave.eventId],
      authEvents: [...create, levels, rules, leave.eventId],
    });
    const word = scene.hostile.event(room, {
      prevEvents: [join.eventId],
      authEvents: [...create, levels, join.eventId],
    });
    await scene.hostile.send(leave.pdu, join.pdu, word.pdu);
    expect(await stateOf(scene.alice, room.roomId, MEMBER, scene.hostile.userId)).toMatchObject({ membership: 'ban' });
    expect(
      (await scene.hostile.get(`${path('v1/make_join', room.roomId, scene.hostile.userId)}?ver=${room_version}`))
        .status,
    ).toBe(403);
    const { body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=50'));
    expect(JSON.stringify(body)).not.toContain('from afar');
  });

  it('row 42: begins no room a second time', async () => {
    const roomId = await makeRoom(scene.alice, { preset: 'public_chat', room_version });
    const room = await scene.hostile.join(roomId);
    const create = await scene.stateId(roomId, 'm.room.create');
    const again = scene.hostile.event(room, {
      type: 'm.room.create',
      stateKey: '',
      content: { room_version, creator: scene.hostile.userId },
      prevEvents: [],
      authEvents: [],
    });
    expect((await scene.hostile.transact([again.pdu])).status).toBe(200);
    const over = scene.hostile.event(room, {
      type: 'm.room.create',
      stateKey: '',
      content: { room_version, creator: scene.hostile.userId },
    });
    expect((await scene.hostile.transact([over.pdu, { ...over.pdu, room_id: roomId }])).status).toBe(200);
    expect(await scene.stateId(roomId, 'm.room.create')).toBe(create);
  });
});
