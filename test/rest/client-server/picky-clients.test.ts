import type { JsonObject } from '#kernel/json';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';

const V3 = '/_matrix/client/v3';

describe('clients that take the specification at its word', () => {
  let server: TestServer;
  let alice: TestUser;

  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice');
  });
  afterAll(() => server.stop());

  const createRoom = async (body: object = {}) =>
    (await alice.api.call<{ room_id: string }>('POST', `${V3}/createRoom`, { body })).room_id;
  const state = async (room: string, type: string) =>
    (await alice.api.get<JsonObject>(`${V3}/rooms/${room}/state/${type}`)).body;

  it.each(['11', '12'])('are refused a second create event in whatever shape, in version %s', async (version) => {
    const room = await createRoom({ room_version: version });
    const forbidden = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
    for (const path of ['send/m.room.create/1', 'state/m.room.create', 'state/m.room.create/key']) {
      expect(await alice.api.put(`${V3}/rooms/${room}/${path}`, { a: 1 })).toMatchObject(forbidden);
    }
  });

  it('leave the end of a new room to its creators, unless they say who else may end it', async () => {
    const levels = async (power_level_content_override: object) =>
      (await state(await createRoom({ power_level_content_override }), 'm.room.power_levels'))['events'];
    expect(await levels({ events: { 'm.call': 0 } })).toEqual({ 'm.call': 0, 'm.room.tombstone': 150 });
    expect(await levels({ state_default: 200 })).toMatchObject({ 'm.room.tombstone': 201 });
    expect(await levels({ events: { 'm.room.tombstone': 60 } })).toEqual({ 'm.room.tombstone': 60 });
  });

  it('are told that a member event without a membership is malformed', async () => {
    const path = `${V3}/rooms/${await createRoom()}/state/m.room.member/${alice.userId}`;
    for (const content of [{}, { membership: 5 }, { membership: 'guest' }]) {
      expect(await alice.api.put(path, content)).toMatchObject({ status: 400, body: { errcode: 'M_BAD_JSON' } });
    }
  });

  it('take a canonical alias away with nothing, null or an empty text', async () => {
    const room = await createRoom({ room_alias_name: 'named' });
    const path = `${V3}/rooms/${room}/state/m.room.canonical_alias`;
    for (const content of [{ alias: '' }, { alias: null }, {}]) {
      expect(await alice.api.put(path, content)).toMatchObject({ status: 200 });
      expect(await state(room, 'm.room.canonical_alias')).toEqual(content);
    }
    for (const content of [{ alias: 5 }, { alt_aliases: '#named:test.example' }, { alt_aliases: [5] }]) {
      expect(await alice.api.put(path, content)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
    }
  });

  it('may send the tokens that they lack as empty texts', async () => {
    const room = await createRoom();
    const messages = await alice.api.get(`${V3}/rooms/${room}/messages`, { dir: 'b', from: '', to: '' });
    expect(messages).toMatchObject({ status: 200, body: { chunk: expect.arrayContaining([expect.anything()]) } });
    const members = await alice.api.get(`${V3}/rooms/${room}/members`, { at: '' });
    expect(members).toMatchObject({ status: 200, body: { chunk: [{ state_key: alice.userId }] } });
  });

  it('are told which parameter is missing or bad', async () => {
    const missing = { status: 400, body: { errcode: 'M_MISSING_PARAM' } };
    for (const body of [{}, { avatar_url: 'mxc://a/b' }]) {
      expect(await alice.api.put(`${V3}/profile/${alice.userId}/displayname`, body)).toMatchObject(missing);
    }
    const invalid = { status: 400, body: { errcode: 'M_INVALID_PARAM' } };
    expect(await alice.api.get(`${V3}/profile/${alice.userId}/%zz`)).toMatchObject(invalid);
  });
});
