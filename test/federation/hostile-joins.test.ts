import type { JsonObject, JsonValue } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { at, stateOf, syncOf } from './people';

const V11 = roomVersion('11');
const MEMBER = 'm.room.member';

/** Rooms of a hostile server, which our users want to join, knock on and leave. */
describe('in rooms of a hostile server', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  it('row 0: they join when everything is as it should be', async () => {
    const room = new HostileRoom(scene);
    const sent = room.serve();
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    expect(sent).toHaveLength(1);
    expect(await stateOf(scene.alice, room.roomId, 'm.room.join_rules')).toEqual({ join_rule: 'public' });
  });

  it.each(['join', 'knock', 'leave'] as const)(
    'row 49: they sign a %s and nothing else, whatever they are given to sign',
    async (membership) => {
      const room = new HostileRoom(scene);
      const ask = async (trap: JsonObject): Promise<Pdu[]> => {
        if (membership === 'leave') await inviteTo(room.roomId);
        const refuse = () => ({ errcode: 'M_FORBIDDEN', error: 'got you' });
        const sent = room.serve(refuse, room.template({ content: { membership }, ...trap }));
        await room.ask(membership);
        return sent;
      };
      const others: JsonObject[] = [
        { type: 'm.room.power_levels', state_key: '', content: { users: { [scene.hostile.userId]: 100 } } },
        { room_id: scene.roomId },
        { sender: scene.hostile.userId, state_key: '@other:victim.example' },
        { content: { membership: 'ban' } },
      ];
      for (const other of others) expect(await ask(other)).toEqual([]);
      const dressed = {
        content: { membership, third_party_invite: {}, 'org.trap': 1 },
        redacts: '$x',
        'org.trap': 1,
        unsigned: { trap: 1 },
      };
      const [signed, ...more] = await ask(dressed);
      expect(more).toEqual([]);
      const { content, ...rest } = signed!;
      const { userId } = scene.alice;
      expect(rest).toMatchObject({ type: MEMBER, room_id: room.roomId, sender: userId, state_key: userId });
      expect(content).toEqual({ membership });
      expect(JSON.stringify(rest)).not.toContain('trap');
      expect(rest).not.toHaveProperty('redacts');
    },
  );

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
    const room = new HostileRoom(scene);
    const sent = room.serve(room.answer(), room.template(trap));
    expect((await room.ask('join')).status).toBeGreaterThanOrEqual(400);
    expect(sent).toEqual([]);
  });

  it.each(['99', 'org.unknown'])('row 49: they sign nothing for a room of version %s', async (room_version) => {
    const room = new HostileRoom(scene);
    const sent = room.serve(room.answer(), { ...room.template(), room_version });
    expect((await room.ask('join')).status).toBeGreaterThanOrEqual(400);
    expect(sent).toEqual([]);
  });

  it('row 49: they get into no room by another join than theirs', async () => {
    const room = new HostileRoom(scene);
    room.serve((own) => ({
      ...room.answer()(own),
      event: scene.hostile.sign(V11, { ...own, content: { membership: 'join', displayname: 'other' } }).pdu,
    }));
    expect((await room.ask('join')).status).toBeGreaterThanOrEqual(400);
    expect(Object.keys((await syncOf(scene.alice)).join ?? {})).not.toContain(room.roomId);
  });

  it('row 17: they join though some of the state is bad, which is left out', async () => {
    const room = new HostileRoom(scene);
    room.add('m.room.name', '', { name: 'good' });
    const forged = room.add('m.room.topic', '', { topic: 'forged' }, { sender: '@boss:trusted.example' });
    const foreign = scene.forge({ type: 'm.room.avatar', stateKey: '', content: { url: 'foreign' } });
    const odd: JsonValue[] = [null, 5, 'x', {}, { type: 5 }, foreign.pdu, forged.pdu];
    const good = room.state.filter((event) => event !== forged).map(({ pdu }) => pdu);
    room.serve(
      (own) => ({ state: [...good, ...odd], auth_chain: [...good.slice(0, 3), ...odd], event: own }),
      room.template({ prev_events: [room.state[3]!.eventId] }),
    );
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    expect(await stateOf(scene.alice, room.roomId, 'm.room.name')).toEqual({ name: 'good' });
    for (const type of ['m.room.topic', 'm.room.avatar']) {
      expect((await scene.alice.api('GET', at(room.roomId, `state/${type}/`))).status).toBe(404);
    }
  });

  it('row 16: they find no state that its own authority forbids', async () => {
    const room = new HostileRoom(scene);
    const { state } = room;
    const other = `@eve:${scene.hostile.serverName}`;
    const uninvited = room.add('m.room.topic', '', { topic: 'by nobody' }, { sender: other });
    room.serve(room.answer(), room.template({ prev_events: [state[2]!.eventId] }));
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    expect((await scene.alice.api('GET', at(room.roomId, 'state/m.room.topic/'))).status).toBe(404);
    expect(uninvited.eventId).toMatch(/^\$/);
  });

  it.each([
    ['of another server', () => new HostileRoom(scene, { roomId: '!taken:trusted.example' })],
    ['of ours', () => new HostileRoom(scene, { roomId: '!taken:victim.example' })],
  ])('row 13: they join no room %s that the hostile one has made up', async (_, make) => {
    const room = make();
    room.serve();
    expect((await room.ask('join')).status).toBeGreaterThanOrEqual(400);
    expect(Object.keys((await syncOf(scene.alice)).join ?? {})).not.toContain(room.roomId);
  });

  it('row 42: they join no room of version 12 by another create event than it is named after', async () => {
    const room = new HostileRoom(scene, { roomId: `!${'A'.repeat(43)}` });
    room.serve(room.answer(), { ...room.template(), room_version: '12' });
    expect((await room.ask('join')).status).toBeGreaterThanOrEqual(400);
    expect(Object.keys((await syncOf(scene.alice)).join ?? {})).not.toContain(room.roomId);
  });

  it('row 36: they note each server that is said to be in a room once, and what is none never', async () => {
    const room = new HostileRoom(scene);
    const servers = Array.from({ length: 5_000 }, (_, n) => `127.0.0.1:${(n % 9) + 1}`);
    room.serve(room.answer({ members_omitted: true, servers_in_room: [...servers, '!', 'a b', 'x'.repeat(300)] }));
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    const [partial] = await scene.victim.domain.timeline.imports.partialRooms();
    expect(partial!.servers).toHaveLength(10);
    await scene.isAlive();
  });
});
