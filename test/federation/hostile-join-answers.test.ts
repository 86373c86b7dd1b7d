import type { JsonObject, JsonValue } from '#kernel/json';
import { addEventSignature, type Pdu } from '#protocol/events/index';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { HostileServer } from './hostile-server';
import { at, eventually, stateOf, syncOf } from './people';

const MEMBER = 'm.room.member';
const AUTHORISER = 'join_authorised_via_users_server';

/** What a hostile server says of its room to those whom it lets in: not what the room is. */
describe('a hostile server lets in', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  const joined = async () => Object.keys((await syncOf(scene.alice)).join ?? {});
  const staysOut = async (room: HostileRoom) => {
    const answer = await room.ask('join');
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).not.toBe(500);
    expect(await joined()).not.toContain(room.roomId);
    await scene.isAlive();
  };

  it.each(['1', '2', '3', '8', '10', '12'])('row 0: into a room of version %s, when all is right', async (version) => {
    const room = new HostileRoom(scene, { version });
    room.serve();
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    expect(await stateOf(scene.alice, room.roomId, 'm.room.join_rules')).toEqual({ join_rule: 'public' });
  });

  it.each(['@bob:victim.example', '@alice:victim.example'])(
    'row 49: nobody in the name of %s, whose word is not the hostile server’s to give',
    async (authoriser) => {
      const room = new HostileRoom(scene);
      const content = { membership: 'join', [AUTHORISER]: authoriser };
      const sent = room.serve(room.answer(), room.template({ content }));
      await staysOut(room);
      expect(sent).toEqual([]);
    },
  );

  it('row 49: nobody in the name of a third server, which did not sign', async () => {
    const room = new HostileRoom(scene);
    const content = { membership: 'join', [AUTHORISER]: '@boss:trusted.example' };
    room.serve(room.answer(), room.template({ content }));
    await staysOut(room);
  });

  it('row 16: without the event that begins the room', async () => {
    const room = new HostileRoom(scene);
    room.serve(room.answer({ state: room.state.slice(1).map(({ pdu }) => pdu) }));
    await staysOut(room);
  });

  it.each(['10', '11'])(
    'row 42: nobody into the room of another server, said to be of version %s, which they enter by its own',
    async (version) => {
      const owner = await HostileServer.start(scene.ca, scene.victim);
      try {
        const real = new HostileRoom(scene, { host: owner });
        const madeUp = new HostileRoom(scene, { roomId: real.roomId, version });
        madeUp.serve();
        await staysOut(madeUp);
        real.serve();
        expect(await real.ask('join')).toMatchObject({ status: 200 });
        expect(await stateOf(scene.alice, real.roomId, 'm.room.create')).toMatchObject({ room_version: '11' });
        expect(await stateOf(scene.alice, real.roomId, 'm.room.join_rules')).toEqual({ join_rule: 'public' });
      } finally {
        await owner.stop();
      }
    },
  );

  it('row 16: with two events that begin the room', async () => {
    const room = new HostileRoom(scene);
    const second = room.make(
      'm.room.create',
      '',
      { room_version: '11', 'm.federate': false },
      { sender: `@eve:${scene.hostile.serverName}`, prevEvents: [], authEvents: [] },
    );
    for (const state of [
      [second, ...room.state],
      [...room.state, second],
    ]) {
      room.serve(room.answer({ state: state.map(({ pdu }) => pdu) }));
      await staysOut(room);
    }
  });

  it('row 13: with nothing but events of other rooms', async () => {
    const room = new HostileRoom(scene);
    const other = new HostileRoom(scene);
    room.serve(other.answer());
    await staysOut(room);
  });

  it.each(['1', '2'])('row 36: with authority that goes round in a circle, in version %s', async (version) => {
    const room = new HostileRoom(scene, { version });
    const id = (name: string) => `$${name}-${version}:${scene.hostile.serverName}`;
    const topic = (name: string, next: string) =>
      room.make('m.room.topic', name, { topic: name }, { eventId: id(name), authEvents: [id(next)] });
    const circle = [topic('a', 'b'), topic('b', 'c'), topic('c', 'a'), topic('self', 'self')].map(({ pdu }) => pdu);
    const state = room.state.map(({ pdu }) => pdu);
    room.serve(room.answer({ state: [...circle, ...state], auth_chain: [...circle, ...state] }));
    expect(await room.ask('join')).toMatchObject({ status: 200 });
    for (const key of ['a', 'b', 'c', 'self']) {
      expect((await scene.alice.api('GET', at(room.roomId, `state/m.room.topic/${key}`))).status).toBe(404);
    }
    await scene.isAlive();
  });

  it.each(['1', '10', '12'])('row 42: into a room of version 11 that is said to be of version %s', async (version) => {
    const room = new HostileRoom(scene);
    room.serve(room.answer(), { ...room.template(), room_version: version });
    await staysOut(room);
  });

  it('row 6: with memberships of our users that we did not sign', async () => {
    const bob = await scene.person('bob');
    const room = new HostileRoom(scene);
    room.add(MEMBER, bob.userId, { membership: 'join' }, { sender: bob.userId });
    room.serve(room.answer(), room.template({ prev_events: [room.state[2]!.eventId] }));
    expect((await room.ask('join')).status).toBe(200);
    expect(Object.keys((await syncOf(bob)).join ?? {})).not.toContain(room.roomId);
    expect((await scene.alice.api('GET', at(room.roomId, `state/${MEMBER}/${bob.userId}`))).status).toBe(404);
  });

  it.each([false, true])(
    'row 10: nobody back in who has left, by their join of before (partly: %s)',
    async (partly) => {
      const carol = await scene.person(`carol${partly ? 1 : 0}`);
      const room = new HostileRoom(scene);
      const [before] = [room.serve(room.answer(), room.template({ sender: carol.userId, state_key: carol.userId }))];
      expect((await room.ask('join', carol)).status).toBe(200);
      expect((await carol.api('POST', at(room.roomId, 'leave'), {})).status).toBe(200);
      const state = [...room.state.map(({ pdu }) => pdu), before[0]!];
      const asked = { pdus: state, auth_chain: state };
      const join = room.answer({ state: partly ? room.state.slice(0, 3).map(({ pdu }) => pdu) : state });
      const partial: JsonObject = partly ? { members_omitted: true, servers_in_room: [scene.hostile.serverName] } : {};
      room.serve((signed) => ({ ...join(signed), ...partial }));
      expect((await room.ask('join')).status).toBe(200);
      if (partly) {
        scene.hostile.answers({ 'state/': asked });
        await eventually(async () => expect(await scene.victim.domain.timeline.imports.partialRooms()).toEqual([]));
      }
      expect(Object.keys((await syncOf(carol)).join ?? {})).not.toContain(room.roomId);
    },
  );

  it.each<[string, (join: Pdu) => JsonValue]>([
    ['a text', () => 'text'],
    [
      'the join of somebody else',
      (join) => ({ ...join, sender: '@bob:victim.example', state_key: '@bob:victim.example' }),
    ],
    ['our join without our signature', (join) => ({ ...join, signatures: {} })],
    ['our join in another room', (join) => ({ ...join, room_id: scene.roomId })],
  ])('row 49: with %s for our join', async (_, event) => {
    const room = new HostileRoom(scene);
    room.serve((join) => ({ ...room.answer()(join), event: event(join) }));
    await staysOut(room);
  });

  it.each<[string, JsonObject]>([
    ['nothing', { state: null, auth_chain: null }],
    ['no lists', { state: {}, auth_chain: 'x' }],
    ['lists of nothing', { state: [null, 5, [], {}], auth_chain: [null] }],
  ])('row 17: with %s for a state', async (_, answer) => {
    const room = new HostileRoom(scene);
    room.serve(room.answer(answer));
    await staysOut(room);
  });

  it('row 39: to knock, and shows what no room has; syncs go on', async () => {
    const room = new HostileRoom(scene);
    const { userId } = scene.hostile;
    const big = { type: 'm.room.topic', state_key: '', sender: userId, content: { topic: 'x'.repeat(60_000) } };
    const odd: JsonValue[] = [null, 5, [], { type: 5 }, { type: 'm.room.name', state_key: '', sender: 7, content: {} }];
    const lie = { type: MEMBER, state_key: scene.alice.userId, sender: userId, content: { membership: 'ban' } };
    room.serve(() => ({ knock_room_state: [...odd, lie, ...Array.from({ length: 15 }, () => big)] }));
    expect((await room.ask('knock')).status).toBe(200);
    const { knock = {} } = (await syncOf(scene.alice)) as { knock?: Record<string, JsonObject> };
    expect(Object.keys(knock)).toEqual([room.roomId]);
    const shown = JSON.stringify(knock);
    expect(shown.length).toBeLessThan(80_000);
    expect(shown).not.toContain('"ban"');
    await scene.isAlive();
  });

  it('row 49: with more signatures on our join than ours and its own, which do no harm', async () => {
    const room = new HostileRoom(scene);
    room.serve((join) => {
      const { pdu } = addEventSignature(room.version, join, scene.hostile.serverName, scene.hostile.key);
      const signatures = { ...pdu.signatures, 'trusted.example': { 'ed25519:x': 'AAAA' }, __proto__: { a: 'b' } };
      return { ...room.answer()(join), event: { ...pdu, signatures, unsigned: { age: 1, redacted_because: {} } } };
    });
    expect((await room.ask('join')).status).toBe(200);
    await scene.isAlive();
  });
});
