import type { JsonObject } from '#kernel/json';
import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { eventually, joinRoom, makeRoom, messagesOf, register, say, type Person } from './people';

describe('two Trellis', () => {
  let federation: TestFederation;
  let one: FederatedServer;
  let two: FederatedServer;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    federation = startTestFederation();
    [one, two] = await Promise.all([federation.start(), federation.start()]);
    alice = await register(one, 'alice');
    bob = await register(two, 'bob');
  });
  afterAll(() => federation.stop());

  it.each(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'])(
    'share a room of version %s: join, messages each way',
    async (version) => {
      const roomId = await makeRoom(alice, { room_version: version, preset: 'public_chat' });
      await say(alice, roomId, 'before the join');
      await joinRoom(bob, roomId, one.serverName);
      await say(alice, roomId, 'from one');
      await say(bob, roomId, 'from two');
      await eventually(async () =>
        expect(await messagesOf(bob, roomId)).toEqual(expect.arrayContaining(['from one', 'from two'])),
      );
      await eventually(async () =>
        expect(await messagesOf(alice, roomId)).toEqual(expect.arrayContaining(['from one', 'from two'])),
      );
    },
  );

  it('invite each other, and reject', async () => {
    const roomId = await makeRoom(alice, { preset: 'private_chat' });
    const invite = await alice.api('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: bob.userId });
    expect(invite).toMatchObject({ status: 200 });
    await eventually(async () => {
      const { body } = await bob.api('GET', '/sync?timeout=0');
      const invited = (body['rooms'] as { invite?: JsonObject } | undefined)?.invite ?? {};
      expect(Object.keys(invited)).toContain(roomId);
    });
    expect(await bob.api('POST', `/rooms/${encodeURIComponent(roomId)}/leave`, {})).toMatchObject({ status: 200 });
    await eventually(async () => {
      const { body } = await alice.api(
        'GET',
        `/rooms/${encodeURIComponent(roomId)}/state/m.room.member/${encodeURIComponent(bob.userId)}`,
      );
      expect(body).toMatchObject({ membership: 'leave' });
    });
  });

  it('resolve aliases and profiles of each other', async () => {
    const roomId = await makeRoom(alice, { preset: 'public_chat', room_alias_name: 'lobby', visibility: 'public' });
    const alias = `#lobby:${one.serverName}`;
    const found = await bob.api('GET', `/directory/room/${encodeURIComponent(alias)}`);
    expect(found.body).toMatchObject({ room_id: roomId, servers: [one.serverName] });
    const profile = await bob.api('GET', `/profile/${encodeURIComponent(alice.userId)}`);
    expect(profile.status).toBe(200);
    const list = await bob.api('GET', `/publicRooms?server=${encodeURIComponent(one.serverName)}`);
    expect(JSON.stringify(list.body)).toContain(roomId);
    expect((await bob.api('POST', `/join/${encodeURIComponent(alias)}`, {})).body).toEqual({ room_id: roomId });
  });
});
