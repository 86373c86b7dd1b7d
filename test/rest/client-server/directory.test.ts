import type { JsonObject } from '#kernel/json';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';

describe('room directory over HTTP', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  beforeAll(async () => {
    server = await startTestServer();
    [alice, bob] = [await server.registerUser('alice'), await server.registerUser('bob')];
  });
  afterAll(() => server.stop());

  const create = async (user: TestUser, body: JsonObject = {}) =>
    (await user.api.call<{ room_id: string }>('POST', '/_matrix/client/v3/createRoom', { body })).room_id;
  const aliasPath = (name: string) =>
    `/_matrix/client/v3/directory/room/${encodeURIComponent(`#${name}:test.example`)}`;
  const listPath = (roomId: string) => `/_matrix/client/v3/directory/list/room/${encodeURIComponent(roomId)}`;

  it('gives an alias, finds the room by it without a token, refuses to give it twice, deletes it', async () => {
    const roomId = await create(alice);
    expect((await alice.api.put(aliasPath('town'), { room_id: roomId })).status).toBe(200);
    const found = await server.api().get(aliasPath('town'));
    expect([found.status, found.body]).toEqual([200, { room_id: roomId, servers: ['test.example'] }]);
    const again = await alice.api.put(aliasPath('town'), { room_id: roomId });
    expect([again.status, again.body.errcode]).toEqual([409, 'M_UNKNOWN']);
    expect((await bob.api.delete(aliasPath('town'))).status).toBe(403);
    expect((await alice.api.get(`/_matrix/client/v3/rooms/${roomId}/aliases`)).body).toEqual({
      aliases: ['#town:test.example'],
    });
    expect((await bob.api.get(`/_matrix/client/v3/rooms/${roomId}/aliases`)).status).toBe(403);
    expect((await alice.api.delete(aliasPath('town'))).status).toBe(200);
    const gone = await server.api().get(aliasPath('town'));
    expect([gone.status, gone.body.errcode]).toEqual([404, 'M_NOT_FOUND']);
    expect((await alice.api.delete(aliasPath('town'))).status).toBe(404);
  });

  it('refuses malformed aliases, those of other servers and changes without a token', async () => {
    const roomId = await create(alice);
    const body = { room_id: roomId };
    for (const alias of ['#town', 'town:test.example', '#town:elsewhere.example']) {
      const reply = await alice.api.put(`/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`, body);
      expect([alias, reply.status, reply.body.errcode]).toEqual([alias, 400, 'M_INVALID_PARAM']);
    }
    expect((await server.api().put(aliasPath('x'), body)).body.errcode).toBe('M_MISSING_TOKEN');
    expect((await server.api().put(listPath(roomId), {})).body.errcode).toBe('M_MISSING_TOKEN');
  });

  it('refuses a canonical alias that leads elsewhere', async () => {
    const roomId = await create(alice);
    const path = `/_matrix/client/v3/rooms/${roomId}/state/m.room.canonical_alias/`;
    const reply = await alice.api.put(path, { alias: '#nowhere:test.example' });
    expect([reply.status, reply.body.errcode]).toEqual([400, 'M_BAD_ALIAS']);
  });

  it('lists published rooms with what they say about themselves, in pages', async () => {
    const named = await create(alice, {
      visibility: 'public',
      preset: 'public_chat',
      name: 'Chess',
      topic: 'Openings',
      room_alias_name: 'chess',
    });
    const other = await create(alice, { visibility: 'public', name: 'Go' });
    await create(alice, { name: 'Secret' });
    await bob.api.call('POST', `/_matrix/client/v3/join/${encodeURIComponent('#chess:test.example')}`, { body: {} });
    expect((await server.api().get(listPath(named))).body).toEqual({ visibility: 'public' });

    type Page = { chunk: JsonObject[]; next_batch?: string; prev_batch?: string; total_room_count_estimate: number };
    const first = (await server.api().get<Page>('/_matrix/client/v3/publicRooms', { limit: 1 })).body;
    expect(first.chunk).toEqual([
      {
        room_id: named,
        name: 'Chess',
        topic: 'Openings',
        canonical_alias: '#chess:test.example',
        num_joined_members: 2,
        world_readable: false,
        guest_can_join: false,
        join_rule: 'public',
      },
    ]);
    const second = (
      await server.api().get<Page>('/_matrix/client/v3/publicRooms', { limit: 1, since: first.next_batch })
    ).body;
    expect(second.chunk.map((room) => room.room_id)).toEqual([other]);
    expect([second.next_batch, second.total_room_count_estimate]).toEqual([undefined, 2]);

    const search = async (body: JsonObject) =>
      (await bob.api.post<Page>('/_matrix/client/v3/publicRooms', body)).body.chunk.map((room) => room.room_id);
    expect(await search({ filter: { generic_search_term: 'OPENING' } })).toEqual([named]);
    expect(await search({ filter: { room_types: ['m.space'] } })).toEqual([]);
    expect(
      await search({ filter: { room_types: [null] }, include_all_networks: false, third_party_instance_id: 'irc' }),
    ).toHaveLength(2);

    expect((await bob.api.put(listPath(named), { visibility: 'private' })).status).toBe(403);
    expect((await alice.api.put(listPath(named), { visibility: 'private' })).status).toBe(200);
    expect((await server.api().get(listPath(named))).body).toEqual({ visibility: 'private' });
    expect(await search({})).toEqual([other]);
    expect((await server.api().get(listPath('!unknown:test.example'))).status).toBe(404);
  });

  it('says clearly that the server whose directory is asked for cannot be reached', async () => {
    const reply = await bob.api.get('/_matrix/client/v3/publicRooms', { server: 'elsewhere.example' });
    expect(reply.body).toMatchObject({
      errcode: 'M_CONNECTION_FAILED',
      error: expect.stringContaining('elsewhere.example') as string,
    });
  });
});
