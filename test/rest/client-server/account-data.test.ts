import { startTestServer, type TestServer, type TestUser } from '../../support/server';

const V3 = '/_matrix/client/v3';
const ROOM = encodeURIComponent('!room:test.example');

describe('what a user keeps on the server', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let own: string;

  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice');
    bob = await server.registerUser('bob');
    own = `${V3}/user/${encodeURIComponent(alice.userId)}`;
  });
  afterAll(() => server.stop());

  const outcome = ({ status, body }: { status: number; body: { errcode?: unknown } }) => [status, body.errcode];

  it('is account data, global and per room, for that user alone', async () => {
    for (const path of [`${own}/account_data/m.direct`, `${own}/rooms/${ROOM}/account_data/org.example.x`]) {
      expect(outcome(await alice.api.get(path))).toEqual([404, 'M_NOT_FOUND']);
      expect((await alice.api.put(path, { a: [1, { b: null }] })).body).toEqual({});
      expect((await alice.api.get(path)).body).toEqual({ a: [1, { b: null }] });
      expect(outcome(await bob.api.get(path))).toEqual([403, 'M_FORBIDDEN']);
      expect(outcome(await bob.api.put(path, {}))).toEqual([403, 'M_FORBIDDEN']);
    }
  });

  it.each(['m.push_rules', 'm.fully_read'])('is not written as %s: 405', async (type) => {
    expect(outcome(await alice.api.put(`${own}/account_data/${type}`, {}))).toEqual([405, 'M_BAD_JSON']);
    expect(outcome(await alice.api.put(`${own}/rooms/${ROOM}/account_data/${type}`, {}))).toEqual([405, 'M_BAD_JSON']);
  });

  it('is refused with a status that fits', async () => {
    expect(outcome(await alice.api.put(`${own}/rooms/lobby/account_data/a`, {}))).toEqual([400, 'M_INVALID_PARAM']);
    const big = { text: 'x'.repeat(128 * 1024) };
    expect(outcome(await alice.api.put(`${own}/account_data/a`, big))).toEqual([413, 'M_TOO_LARGE']);
    expect(outcome(await alice.api.put(`${own}/account_data/a`, '{'))).toEqual([400, 'M_NOT_JSON']);
    expect(outcome(await alice.api.put(`${own}/account_data/a`, '[]'))).toEqual([400, 'M_BAD_JSON']);
  });

  it('is tags of rooms', async () => {
    const tags = `${own}/rooms/${ROOM}/tags`;
    expect((await alice.api.get(tags)).body).toEqual({ tags: {} });
    await alice.api.put(`${tags}/m.favourite`, { order: 0.25 });
    await alice.api.put(`${tags}/${encodeURIComponent('u.Work/Play')}`, {});
    expect((await alice.api.get(tags)).body).toEqual({ tags: { 'm.favourite': { order: 0.25 }, 'u.Work/Play': {} } });
    expect((await alice.api.delete(`${tags}/m.favourite`)).status).toBe(200);
    expect((await alice.api.get(`${own}/rooms/${ROOM}/account_data/m.tag`)).body).toEqual({
      tags: { 'u.Work/Play': {} },
    });
    expect(outcome(await bob.api.get(tags))).toEqual([403, 'M_FORBIDDEN']);
  });

  it('is filters', async () => {
    const filter = { room: { timeline: { limit: 3, types: ['m.room.message'] } } };
    const made = await alice.api.post<{ filter_id: string }>(`${own}/filter`, filter);
    expect((await alice.api.get(`${own}/filter/${made.body.filter_id}`)).body).toEqual(filter);
    expect(outcome(await alice.api.get(`${own}/filter/999`))).toEqual([404, 'M_NOT_FOUND']);
    expect(outcome(await bob.api.post(`${own}/filter`, filter))).toEqual([403, 'M_FORBIDDEN']);
    expect((await alice.api.post(`${own}/filter`, { room: { timeline: { limit: 'x' } } })).status).toBe(400);
  });

  it('is a profile that all may read and the user alone may write', async () => {
    const profile = `${V3}/profile/${encodeURIComponent(alice.userId)}`;
    expect((await server.api().get(profile)).body).toEqual({});
    expect(outcome(await server.api().get(`${profile}/displayname`))).toEqual([404, 'M_NOT_FOUND']);
    await alice.api.put(`${profile}/displayname`, { displayname: 'Alice' });
    await alice.api.put(`/_matrix/client/r0/profile/${alice.userId}/avatar_url`, {
      avatar_url: 'mxc://test.example/a',
    });
    await alice.api.put(`${profile}/org.example.pets`, { 'org.example.pets': ['cat'] });
    const whole = { displayname: 'Alice', avatar_url: 'mxc://test.example/a', 'org.example.pets': ['cat'] };
    expect((await server.api().get(profile)).body).toEqual(whole);
    expect((await bob.api.get(`${profile}/displayname`)).body).toEqual({ displayname: 'Alice' });
    expect(outcome(await bob.api.put(`${profile}/displayname`, { displayname: 'x' }))).toEqual([403, 'M_FORBIDDEN']);
    expect(outcome(await alice.api.put(`${profile}/displayname`, { avatar_url: 'x' }))).toEqual([
      400,
      'M_MISSING_PARAM',
    ]);
    const long = `org.${'x'.repeat(255)}`;
    expect(outcome(await alice.api.put(`${profile}/${long}`, { [long]: 1 }))).toEqual([400, 'M_KEY_TOO_LARGE']);
    expect((await alice.api.delete(`${profile}/avatar_url`)).status).toBe(200);
    expect(outcome(await alice.api.get(`${profile}/avatar_url`))).toEqual([404, 'M_NOT_FOUND']);
    expect(outcome(await alice.api.get(`${V3}/profile/@nobody:test.example`))).toEqual([404, 'M_NOT_FOUND']);
    expect((await alice.api.get(`${V3}/profile/nobody`)).status).toBe(400);
  });

  it('is push rules', async () => {
    const rules = `${V3}/pushrules/global`;
    const all = await alice.api.get<{ global: { override: { rule_id: string }[] } }>(`${V3}/pushrules/`);
    expect(all.body.global.override[0]).toMatchObject({ rule_id: '.m.rule.master', enabled: false, default: true });
    expect((await alice.api.get(`${rules}/`)).body).toEqual(all.body.global);
    expect((await alice.api.get(`${own}/account_data/m.push_rules`)).body).toEqual(all.body);
    await alice.api.put(`${rules}/content/tea`, { pattern: 'tea', actions: ['notify', 'coalesce'] });
    expect((await alice.api.get(`${rules}/content/tea`)).body).toMatchObject({ pattern: 'tea', actions: ['notify'] });
    await alice.api.put(`${rules}/content/tea/enabled`, { enabled: false });
    expect((await alice.api.get(`${rules}/content/tea/enabled`)).body).toEqual({ enabled: false });
    await alice.api.put(`${rules}/content/tea/actions`, { actions: [] });
    expect((await alice.api.get(`${rules}/content/tea/actions`)).body).toEqual({ actions: [] });
    const misplaced = await alice.api.put(`${rules}/content/x?before=no`, { pattern: 'x', actions: [] });
    expect(misplaced.status).toBe(400);
    expect((await alice.api.delete(`${rules}/content/tea`)).status).toBe(200);
    expect(outcome(await alice.api.delete(`${rules}/content/tea`))).toEqual([404, 'M_NOT_FOUND']);
    expect((await alice.api.delete(`${rules}/override/.m.rule.master`)).status).toBe(400);
    expect((await alice.api.get(`${rules}/nonsense/tea`)).status).toBe(400);
  });

  it('is sent messages from device to device', async () => {
    const path = `${V3}/sendToDevice/m.dummy/txn1`;
    const messages = { [bob.userId]: { '*': { hello: 1 } }, '@far:elsewhere.example': { X: {} } };
    expect((await alice.api.put(path, { messages })).body).toEqual({});
    expect((await alice.api.put(path, { messages })).body).toEqual({});
    const waiting = await server.domain.toDevice.messagesSince(
      bob.userId,
      bob.deviceId,
      undefined,
      new Map([[1, 1e15]]),
      10,
    );
    expect(waiting).toMatchObject([{ sender: alice.userId, type: 'm.dummy', content: { hello: 1 } }]);
    expect((await alice.api.put(path, {})).status).toBe(400);
  });
});
