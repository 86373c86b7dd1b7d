import type { JsonObject, JsonValue } from '#kernel/json';
import { buildEvent, type Pdu, type SignedEvent } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { bodyOf, send } from './hostile-server';
import { at, stateOf, syncOf } from './people';

const V11 = roomVersion('11');
const MEMBER = 'm.room.member';

/** Rooms of a hostile server, which our users want to join, knock on and leave. */
describe('in rooms of a hostile server', () => {
  let scene: HostileScene;
  let rooms = 0;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  /** A room that the hostile server has made: its state so far. */
  const hostileRoom = (roomId: string) => {
    const state: SignedEvent[] = [];
    const add = (type: string, stateKey: string, content: JsonObject, more: { sender?: string } = {}) => {
      const ids = state.map((event) => event.eventId);
      const sender = more.sender ?? scene.hostile.userId;
      const event = scene.hostile.sign(
        V11,
        buildEvent(V11, {
          roomId,
          type,
          sender,
          stateKey,
          content,
          prevEvents: ids.slice(-1),
          authEvents: ids.slice(0, 2),
          depth: state.length + 1,
          originServerTs: Date.now(),
        }),
      );
      state.push(event);
      return event;
    };
    add('m.room.create', '', { room_version: '11' });
    add(MEMBER, scene.hostile.userId, { membership: 'join' });
    add('m.room.join_rules', '', { join_rule: 'public' });
    return { roomId, state, add };
  };
  const ownRoom = () => hostileRoom(`!room${++rooms}:${scene.hostile.serverName}`);

  const template = ({ roomId, state }: ReturnType<typeof hostileRoom>, more: JsonObject = {}): JsonObject => ({
    room_version: '11',
    event: {
      type: MEMBER,
      room_id: roomId,
      sender: scene.alice.userId,
      state_key: scene.alice.userId,
      content: { membership: 'join' },
      prev_events: [state.at(-1)!.eventId],
      auth_events: [state[0]!.eventId, state[2]!.eventId],
      depth: state.length + 1,
      origin_server_ts: 1,
      ...more,
    },
  });
  const joins = (room: ReturnType<typeof hostileRoom>, answer: (join: Pdu) => JsonObject, made = template(room)) => {
    const sent: Pdu[] = [];
    scene.hostile.answerWith(async (request, response) => {
      const url = request.url ?? '';
      if (url.includes('/make_')) return send(response, 200, made);
      if (!url.includes('/send_')) return send(response, 404, { errcode: 'M_NOT_FOUND', error: 'no' });
      const body = (await bodyOf(request)) as Pdu;
      sent.push(body);
      send(response, 200, answer(body));
    });
    return sent;
  };
  const all =
    ({ state }: ReturnType<typeof hostileRoom>, more: JsonObject = {}) =>
    (join: Pdu) => ({
      state: state.map(({ pdu }) => pdu),
      auth_chain: state.slice(0, 3).map(({ pdu }) => pdu),
      event: join,
      ...more,
    });
  const join = (roomId: string) =>
    scene.alice.api(
      'POST',
      `/join/${encodeURIComponent(roomId)}?via=${encodeURIComponent(scene.hostile.serverName)}`,
      {},
    );

  it('row 0: they join when everything is as it should be', async () => {
    const room = ownRoom();
    const sent = joins(room, all(room));
    expect(await join(room.roomId)).toMatchObject({ status: 200 });
    expect(sent).toHaveLength(1);
    expect(await stateOf(scene.alice, room.roomId, 'm.room.join_rules')).toEqual({ join_rule: 'public' });
  });

  it.each(['join', 'knock', 'leave'])('row 49: they sign a %s, whatever they are given to sign', async (membership) => {
    const room = ownRoom();
    if (membership === 'leave') await inviteTo(room.roomId);
    const traps: JsonObject[] = [
      { type: 'm.room.power_levels', state_key: '', content: { users: { [scene.hostile.userId]: 100 } } },
      { room_id: scene.roomId },
      { sender: scene.hostile.userId, state_key: '@other:victim.example' },
      {
        content: { membership: 'ban', third_party_invite: {}, 'org.trap': 1 },
        redacts: '$x',
        'org.trap': 1,
        unsigned: { trap: 1 },
      },
    ];
    const expected = { type: MEMBER, room_id: room.roomId, sender: scene.alice.userId, state_key: scene.alice.userId };
    for (const trap of traps) {
      const sent = joins(room, () => ({ errcode: 'M_FORBIDDEN', error: 'got you' }), template(room, trap));
      await scene.alice.api(
        'POST',
        `/${membership}/${encodeURIComponent(room.roomId)}?via=${encodeURIComponent(scene.hostile.serverName)}`,
        {},
      );
      for (const { content, ...rest } of sent) {
        expect(rest).toMatchObject(expected);
        expect(content).toEqual({ membership });
        expect(JSON.stringify(rest)).not.toContain('trap');
        expect(rest).not.toHaveProperty('redacts');
      }
    }
    if (membership !== 'leave') expect(scene.hostile.askedFor(`send_${membership}`)).toBeGreaterThan(0);
  });

  const inviteTo = async (roomId: string) => {
    const event = scene.hostile.event(scene.room, {
      roomId,
      type: MEMBER,
      stateKey: scene.alice.userId,
      content: { membership: 'invite' },
    });
    const body = { room_version: '11', event: event.pdu, invite_room_state: [] };
    expect((await scene.offer('v2/invite', roomId, event.eventId, body)).status).toBe(200);
  };

  it.each<[string, JsonObject]>([
    ['no event to follow', { prev_events: [] }],
    ['events that are none', { prev_events: ['x', 5] }],
    ['too many events', { prev_events: Array.from({ length: 30 }, (_, n) => `$${String(n).padStart(43, 'A')}`) }],
    ['a depth beyond all numbers', { depth: 2 ** 63 }],
    ['a depth below all numbers', { depth: -(2 ** 40) }],
    ['authority that is no list', { auth_events: 'x' }],
  ])('row 49: they sign nothing on a template with %s', async (_, trap) => {
    const room = ownRoom();
    const sent = joins(room, all(room), template(room, trap));
    expect((await join(room.roomId)).status).toBeGreaterThanOrEqual(400);
    expect(sent).toEqual([]);
  });

  it.each(['99', 'org.unknown'])('row 49: they sign nothing for a room of version %s', async (room_version) => {
    const room = ownRoom();
    const sent = joins(room, all(room), { ...template(room), room_version });
    expect((await join(room.roomId)).status).toBeGreaterThanOrEqual(400);
    expect(sent).toEqual([]);
  });

  it('row 49: they get into no room by another join than theirs', async () => {
    const room = ownRoom();
    joins(room, (own) => ({
      ...all(room)(own),
      event: scene.hostile.sign(V11, { ...own, content: { membership: 'join', displayname: 'other' } }).pdu,
    }));
    expect((await join(room.roomId)).status).toBeGreaterThanOrEqual(400);
    expect(Object.keys((await syncOf(scene.alice)).join ?? {})).not.toContain(room.roomId);
  });

  it('row 17: they join though some of the state is bad, which is left out', async () => {
    const room = ownRoom();
    room.add('m.room.name', '', { name: 'good' });
    const forged = room.add('m.room.topic', '', { topic: 'forged' }, { sender: '@boss:trusted.example' });
    const foreign = scene.forge({ type: 'm.room.avatar', stateKey: '', content: { url: 'foreign' } });
    const odd: JsonValue[] = [null, 5, 'x', {}, { type: 5 }, foreign.pdu, forged.pdu];
    const good = room.state.filter((event) => event !== forged).map(({ pdu }) => pdu);
    joins(
      room,
      (own) => ({ state: [...good, ...odd], auth_chain: [...good.slice(0, 3), ...odd], event: own }),
      template(room, { prev_events: [room.state[3]!.eventId] }),
    );
    expect(await join(room.roomId)).toMatchObject({ status: 200 });
    expect(await stateOf(scene.alice, room.roomId, 'm.room.name')).toEqual({ name: 'good' });
    for (const type of ['m.room.topic', 'm.room.avatar']) {
      expect((await scene.alice.api('GET', at(room.roomId, `state/${type}/`))).status).toBe(404);
    }
  });

  it('row 16: they find no state that its own authority forbids', async () => {
    const room = ownRoom();
    const { state } = room;
    const other = `@eve:${scene.hostile.serverName}`;
    const uninvited = room.add('m.room.topic', '', { topic: 'by nobody' }, { sender: other });
    joins(room, all(room), template(room, { prev_events: [state[2]!.eventId] }));
    expect(await join(room.roomId)).toMatchObject({ status: 200 });
    expect((await scene.alice.api('GET', at(room.roomId, 'state/m.room.topic/'))).status).toBe(404);
    expect(uninvited.eventId).toMatch(/^\$/);
  });

  it.each([
    ['of another server', () => hostileRoom('!taken:trusted.example')],
    ['of ours', () => hostileRoom('!taken:victim.example')],
  ])('row 13: they join no room %s that the hostile one has made up', async (_, make) => {
    const room = make();
    joins(room, all(room));
    expect((await join(room.roomId)).status).toBeGreaterThanOrEqual(400);
    expect(Object.keys((await syncOf(scene.alice)).join ?? {})).not.toContain(room.roomId);
  });

  it('row 42: they join no room of version 12 by another create event than it is named after', async () => {
    const room = hostileRoom(`!${'A'.repeat(43)}`);
    joins(room, all(room), { ...template(room), room_version: '12' });
    expect((await join(room.roomId)).status).toBeGreaterThanOrEqual(400);
    expect(Object.keys((await syncOf(scene.alice)).join ?? {})).not.toContain(room.roomId);
  });

  it('row 36: they ask few of the servers that are said to be in a room', async () => {
    const room = ownRoom();
    const servers = Array.from({ length: 5_000 }, (_, n) => `127.0.0.1:${(n % 9) + 1}`);
    joins(room, all(room, { members_omitted: true, servers_in_room: [...servers, '!', 'a b', 'x'.repeat(300)] }));
    expect(await join(room.roomId)).toMatchObject({ status: 200 });
    const [partial] = await scene.victim.domain.timeline.imports.partialRooms();
    expect(partial!.servers.length).toBeLessThanOrEqual(51);
    await scene.isAlive();
  });
});
