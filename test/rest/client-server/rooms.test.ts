import type { JsonObject } from '#kernel/json';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';

type Events = {
  chunk: (JsonObject & { event_id: string; type: string; content: JsonObject })[];
  start: string;
  end?: string;
};

const v3 = (path: string): string => `/_matrix/client/v3${path}`;
const enc = encodeURIComponent;

describe('rooms over HTTP', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let carol: TestUser;
  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice');
    bob = await server.registerUser('bob');
    carol = await server.registerUser('carol');
  });
  afterAll(() => server.stop());

  const create = async (user: TestUser, body: object = {}): Promise<string> =>
    (await user.api.call<{ room_id: string }>('POST', v3('/createRoom'), { body })).room_id;
  const joinAs = (user: TestUser, room: string) => user.api.post(v3(`/join/${enc(room)}`));
  let transactions = 0;
  const say = async (user: TestUser, room: string, body: string): Promise<string> =>
    (
      await user.api.call<{ event_id: string }>(
        'PUT',
        v3(`/rooms/${enc(room)}/send/m.room.message/t${transactions++}`),
        {
          body: { msgtype: 'm.text', body },
        },
      )
    ).event_id;
  const state = (user: TestUser, room: string, type: string, key = '') =>
    user.api.get(v3(`/rooms/${enc(room)}/state/${type}/${enc(key)}`));

  it('makes rooms of every version and preset', async () => {
    for (let version = 1; version <= 12; version++) {
      const preset = ['private_chat', 'public_chat', 'trusted_private_chat'][version % 3];
      const body = { room_version: `${version}`, preset, name: 'Garden', topic: 'Plants', invite: [bob.userId] };
      const room = await create(alice, body);
      expect((await state(alice, room, 'm.room.create')).body.room_version ?? '1').toBe(`${version}`);
      expect((await state(alice, room, 'm.room.name')).body.name).toBe('Garden');
      expect((await state(alice, room, 'm.room.topic')).body.topic).toBe('Plants');
      expect((await state(alice, room, 'm.room.join_rules')).body.join_rule).toBe(
        preset === 'public_chat' ? 'public' : 'invite',
      );
      expect((await joinAs(bob, room)).status).toBe(200);
    }
  });

  it('writes the events of a new room in the order of the specification', async () => {
    const room = await create(alice, {
      room_version: '11',
      name: 'n',
      topic: 't',
      room_alias_name: 'ordered',
      invite: [bob.userId],
      is_direct: true,
      initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
    });
    const { chunk } = await alice.api.call<Events>('GET', v3(`/rooms/${enc(room)}/messages`), {
      query: { dir: 'f', limit: 50 },
    });
    expect(chunk.map((event) => event.type)).toEqual([
      'm.room.create',
      'm.room.member',
      'm.room.power_levels',
      'm.room.canonical_alias',
      'm.room.join_rules',
      'm.room.history_visibility',
      'm.room.guest_access',
      'm.room.encryption',
      'm.room.name',
      'm.room.topic',
      'm.room.member',
    ]);
    expect(chunk.at(-1)!.content).toMatchObject({ membership: 'invite', is_direct: true });
    expect((await alice.api.get(v3(`/directory/room/${enc('#ordered:test.example')}`))).body.room_id).toBe(room);
  });

  it('makes invitees of a trusted chat as powerful as the creator', async () => {
    const body = { preset: 'trusted_private_chat', invite: [bob.userId] };
    const old = await create(alice, { ...body, room_version: '11' });
    expect((await state(alice, old, 'm.room.power_levels')).body.users).toEqual({
      [alice.userId]: 100,
      [bob.userId]: 100,
    });
    const room = await create(alice, { ...body, creation_content: { additional_creators: [carol.userId] } });
    expect((await state(alice, room, 'm.room.create')).body.additional_creators).toEqual([carol.userId, bob.userId]);
    expect((await state(alice, room, 'm.room.power_levels')).body.users).toEqual({});
  });

  it('refuses rooms that cannot be', async () => {
    const refuse = async (body: object) => (await alice.api.post(v3('/createRoom'), body)).body.errcode;
    await create(alice, { room_alias_name: 'taken' });
    expect(await refuse({ room_alias_name: 'taken' })).toBe('M_ROOM_IN_USE');
    expect(await refuse({ room_version: '99' })).toBe('M_UNSUPPORTED_ROOM_VERSION');
    expect(await refuse({ power_level_content_override: { users: { [alice.userId]: 100 } } })).toBe(
      'M_INVALID_ROOM_STATE',
    );
    const create2 = { type: 'm.room.create', state_key: '', content: {} };
    expect(await refuse({ initial_state: [create2] })).toBe('M_INVALID_ROOM_STATE');
    const threepid = { id_server: 'x.example', id_access_token: 'x', medium: 'email', address: 'a@x.example' };
    expect(await refuse({ invite_3pid: [threepid] })).toBe('M_THREEPID_DENIED');
    expect(await refuse({ room_version: '12', creation_content: { additional_creators: ['nobody'] } })).toBe(
      'M_INVALID_ROOM_STATE',
    );
  });

  it('says when the server of an invited user cannot be reached; the room is there without them', async () => {
    const zoe = '@zoe:elsewhere.invalid';
    const before = (await alice.api.get(v3('/joined_rooms'))).body.joined_rooms as string[];
    const { status, body } = await alice.api.post(v3('/createRoom'), { invite: [zoe, bob.userId] });
    expect([status, body.errcode]).toEqual([502, 'M_CONNECTION_FAILED']);
    const after = (await alice.api.get(v3('/joined_rooms'))).body.joined_rooms as string[];
    const [room] = after.filter((one) => !before.includes(one));
    expect((await state(alice, room!, 'm.room.member', bob.userId)).body).toMatchObject({ membership: 'invite' });
    expect((await state(alice, room!, 'm.room.member', zoe)).status).toBe(404);
  });

  it('keeps the keys of the create event that are the server’s', async () => {
    const creation = { creator: '@mallory:test.example', room_version: '1', type: 'm.space', 'm.federate': false };
    const room = await create(alice, { room_version: '10', creation_content: creation });
    expect((await state(alice, room, 'm.room.create')).body).toEqual({
      creator: alice.userId,
      room_version: '10',
      type: 'm.space',
      'm.federate': false,
    });
  });

  it('shows a message to its sender at once on every endpoint, and once per transaction', async () => {
    const room = await create(alice);
    const path = v3(`/rooms/${enc(room)}/send/m.room.message/same`);
    const body = { msgtype: 'm.text', body: 'hello' };
    const { event_id: eventId } = await alice.api.call<{ event_id: string }>('PUT', path, { body });
    expect((await alice.api.put(path, body)).body.event_id).toBe(eventId);
    expect((await alice.api.put(path.replace('/v3/', '/r0/'), body)).body.event_id).toBe(eventId);
    const one = await alice.api.get(v3(`/rooms/${enc(room)}/event/${enc(eventId)}`));
    expect(one.body).toMatchObject({ event_id: eventId, content: body, unsigned: { transaction_id: 'same' } });
    const page = await alice.api.call<Events>('GET', v3(`/rooms/${enc(room)}/messages`), {
      query: { dir: 'b', limit: 1 },
    });
    expect(page.chunk[0]!.event_id).toBe(eventId);
    const context = await alice.api.get(v3(`/rooms/${enc(room)}/context/${enc(eventId)}`), { limit: 4 });
    expect(context.body).toMatchObject({ event: { event_id: eventId }, events_after: [] });
    expect((context.body.events_before as unknown[]).length).toBe(2);
  });

  it('finds events by their time, for those who may read the room', async () => {
    const room = await create(alice);
    const eventId = await say(alice, room, 'hello');
    const { body } = await alice.api.get(v3(`/rooms/${enc(room)}/event/${enc(eventId)}`));
    const ts = body.origin_server_ts as number;
    const path = `/_matrix/client/v1/rooms/${enc(room)}/timestamp_to_event`;
    const after = await alice.api.get(path, { ts: ts + 60_000, dir: 'b' });
    expect(after).toMatchObject({ status: 200, body: { event_id: eventId, origin_server_ts: ts } });
    const first = await alice.api.get(path, { ts: 0, dir: 'f' });
    expect(first.status).toBe(200);
    expect(first.body.origin_server_ts).toBeLessThanOrEqual(ts);
    expect(await alice.api.get(path, { ts: 0, dir: 'b' })).toMatchObject({
      status: 404,
      body: { errcode: 'M_NOT_FOUND' },
    });
    expect(await alice.api.get(path, { ts: 0, dir: 'x' })).toMatchObject({ status: 400 });
    expect(await alice.api.get(path, { dir: 'b' })).toMatchObject({ status: 400 });
    expect(await bob.api.get(path, { ts, dir: 'b' })).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  });

  it('returns every event of concurrent senders once and in one order, whatever the limit and direction', async () => {
    const room = await create(alice, { preset: 'public_chat' });
    await Promise.all([joinAs(bob, room), joinAs(carol, room)]);
    const sent = (
      await Promise.all(
        [alice, bob, carol].map(async (user) => {
          const ids: string[] = [];
          for (let i = 0; i < 8; i++) ids.push(await say(user, room, `${i}`));
          return ids;
        }),
      )
    ).flat();
    const pages = async (dir: 'b' | 'f', limit: number): Promise<string[]> => {
      const ids: string[] = [];
      for (let from: string | undefined; ;) {
        const page = await bob.api.call<Events>('GET', v3(`/rooms/${enc(room)}/messages`), {
          query: { dir, limit, from },
        });
        ids.push(...page.chunk.map((event) => event.event_id));
        if (page.end === undefined) return ids;
        from = page.end;
      }
    };
    const forwards = await pages('f', 1000);
    expect(new Set(forwards).size).toBe(forwards.length);
    expect(sent.every((id) => forwards.includes(id))).toBe(true);
    for (const limit of [1, 3, 7]) {
      expect(await pages('f', limit)).toEqual(forwards);
      expect((await pages('b', limit)).toReversed()).toEqual(forwards);
    }
  });

  it('filters pages and loads members lazily', async () => {
    const room = await create(alice, { preset: 'public_chat' });
    await joinAs(bob, room);
    await say(bob, room, 'hi');
    const filter = JSON.stringify({ types: ['m.room.message'], lazy_load_members: true });
    const page = await alice.api.call<Events & { state: JsonObject[] }>('GET', v3(`/rooms/${enc(room)}/messages`), {
      query: { dir: 'b', filter },
    });
    expect(page.chunk.map((event) => event.type)).toEqual(['m.room.message']);
    expect(page.state.map((event) => event.state_key)).toEqual([bob.userId]);
    const broken = await alice.api.get(v3(`/rooms/${enc(room)}/messages`), { dir: 'b', filter: '{' });
    expect(broken.status).toBe(400);
    expect((await alice.api.get(v3(`/rooms/${enc(room)}/messages`), { dir: 'b', from: 'nonsense' })).status).toBe(400);
  });

  it('sets state with empty keys in all forms, and answers a repeat with the same event', async () => {
    const room = await create(alice);
    const base = v3(`/rooms/${enc(room)}/state/m.room.topic`);
    const first = await alice.api.put(`${base}/`, { topic: 'one' });
    expect(first.status).toBe(200);
    expect((await alice.api.put(base, { topic: 'one' })).body.event_id).toBe(first.body.event_id);
    expect((await alice.api.get(base)).body).toEqual({ topic: 'one' });
    const event = await alice.api.get(`${base}/`, { format: 'event' });
    expect(event.body).toMatchObject({ event_id: first.body.event_id, state_key: '', content: { topic: 'one' } });
    expect((await alice.api.get(v3(`/rooms/${enc(room)}/state/m.room.avatar`))).body.errcode).toBe('M_NOT_FOUND');
    expect((await alice.api.put(v3(`/rooms/${enc(room)}/state/m.room.topic/${enc(bob.userId)}`), {})).status).toBe(403);
  });

  it('lets nobody pretend that a restricted join was authorised', async () => {
    const home = await create(alice, { preset: 'public_chat' });
    const rule = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: home }] };
    const room = await create(alice, { initial_state: [{ type: 'm.room.join_rules', content: rule }] });
    const member = v3(`/rooms/${enc(room)}/state/m.room.member/${enc(bob.userId)}`);
    const forged = { membership: 'join', join_authorised_via_users_server: alice.userId };
    expect((await bob.api.put(member, forged)).status).toBe(403);
    expect((await joinAs(bob, room)).status).toBe(403);
    await joinAs(bob, home);
    expect((await joinAs(bob, room)).body.room_id).toBe(room);
    expect((await state(alice, room, 'm.room.member', bob.userId)).body.join_authorised_via_users_server).toBe(
      alice.userId,
    );
  });

  it('walks through all memberships', async () => {
    const room = await create(alice);
    const post = (user: TestUser, action: string, body: object = {}) =>
      user.api.post(v3(`/rooms/${enc(room)}/${action}`), body);
    const about = { user_id: bob.userId, reason: 'because' };
    expect((await joinAs(bob, room)).status).toBe(403);
    expect((await post(alice, 'invite', about)).status).toBe(200);
    expect((await joinAs(bob, room)).status).toBe(200);
    expect((await joinAs(bob, room)).status).toBe(200);
    expect((await bob.api.get(v3('/joined_rooms'))).body.joined_rooms).toContain(room);
    expect((await post(bob, 'kick', { user_id: alice.userId })).status).toBe(403);
    expect((await post(alice, 'kick', about)).status).toBe(200);
    expect((await state(alice, room, 'm.room.member', bob.userId)).body).toMatchObject({
      membership: 'leave',
      reason: 'because',
    });
    expect((await post(alice, 'unban', about)).body.errcode).toBe('M_BAD_STATE');
    expect((await post(alice, 'ban', about)).status).toBe(200);
    expect((await post(alice, 'kick', about)).status).toBe(403);
    expect((await post(alice, 'invite', about)).status).toBe(403);
    expect((await post(alice, 'unban', about)).status).toBe(200);
    expect((await post(alice, 'invite', about)).status).toBe(200);
    expect((await post(bob, 'forget')).status).toBe(400);
    expect((await post(bob, 'leave')).status).toBe(200);
    expect((await post(bob, 'leave')).status).toBe(200);
    expect((await post(bob, 'forget')).status).toBe(200);
    expect((await bob.api.get(v3(`/rooms/${enc(room)}/messages`), { dir: 'b' })).status).toBe(403);
  });

  it('knocks where the room lets people knock', async () => {
    const knockable = { initial_state: [{ type: 'm.room.join_rules', content: { join_rule: 'knock' } }] };
    const room = await create(alice, knockable);
    const knock = (where: string) => bob.api.post(v3(`/knock/${enc(where)}`), { reason: 'please' });
    expect((await knock(room)).body.room_id).toBe(room);
    expect((await state(alice, room, 'm.room.member', bob.userId)).body).toMatchObject({
      membership: 'knock',
      reason: 'please',
    });
    expect((await alice.api.post(v3(`/rooms/${enc(room)}/invite`), { user_id: bob.userId })).status).toBe(200);
    expect((await joinAs(bob, room)).status).toBe(200);
    expect((await knock(await create(alice))).status).toBe(403);
  });

  it('shows former members the room as it was when they left', async () => {
    const room = await create(alice, { preset: 'public_chat', name: 'before' });
    await joinAs(bob, room);
    const seen = await say(alice, room, 'seen');
    await bob.api.post(v3(`/rooms/${enc(room)}/leave`));
    await alice.api.put(v3(`/rooms/${enc(room)}/state/m.room.name`), { name: 'after' });
    const secret = await say(alice, room, 'secret');
    expect((await state(bob, room, 'm.room.name')).body.name).toBe('before');
    const page = await bob.api.call<Events>('GET', v3(`/rooms/${enc(room)}/messages`), {
      query: { dir: 'b', limit: 100 },
    });
    const ids = page.chunk.map((event) => event.event_id);
    expect(ids).toContain(seen);
    expect(ids).not.toContain(secret);
    expect((await bob.api.get(v3(`/rooms/${enc(room)}/event/${enc(secret)}`))).status).toBe(404);
    expect((await bob.api.get(v3(`/rooms/${enc(room)}/joined_members`))).status).toBe(403);
    expect((await carol.api.get(v3(`/rooms/${enc(room)}/state`))).status).toBe(403);
  });

  it('does not tell another room’s event from an unknown one (row 28)', async () => {
    const [one, two] = [await create(alice), await create(alice)];
    const event = await say(alice, one, 'here');
    const wrong = await alice.api.get(v3(`/rooms/${enc(two)}/event/${enc(event)}`));
    const unknown = await alice.api.get(v3(`/rooms/${enc(two)}/event/${enc('$nowhere')}`));
    expect([wrong.status, wrong.body]).toEqual([404, unknown.body]);
  });

  it('lists members by membership and at a point in time', async () => {
    const room = await create(alice, { preset: 'public_chat', invite: [carol.userId] });
    const { end } = await alice.api.call<Events>('GET', v3(`/rooms/${enc(room)}/messages`), {
      query: { dir: 'f', limit: 3 },
    });
    await joinAs(bob, room);
    const members = async (query: Record<string, string>) =>
      (await alice.api.call<Events>('GET', v3(`/rooms/${enc(room)}/members`), { query })).chunk
        .map((event) => event.state_key)
        .sort();
    expect(await members({})).toEqual([alice.userId, bob.userId, carol.userId]);
    expect(await members({ membership: 'invite' })).toEqual([carol.userId]);
    expect(await members({ not_membership: 'invite' })).toEqual([alice.userId, bob.userId]);
    expect(await members({ at: end! })).toEqual([alice.userId]);
    const joined = await alice.api.get(v3(`/rooms/${enc(room)}/joined_members`));
    expect(Object.keys(joined.body.joined as JsonObject).sort()).toEqual([alice.userId, bob.userId]);
  });

  it('redacts by both operations', async () => {
    const room = await create(alice, { preset: 'public_chat' });
    await joinAs(bob, room);
    const [first, second] = [await say(bob, room, 'oops'), await say(bob, room, 'oops again')];
    const redact = await bob.api.put(v3(`/rooms/${enc(room)}/redact/${enc(first)}/r1`), { reason: 'typo' });
    expect(redact.status).toBe(200);
    const shown = await alice.api.get(v3(`/rooms/${enc(room)}/event/${enc(first)}`));
    expect(shown.body).toMatchObject({
      content: {},
      unsigned: { redacted_because: { event_id: redact.body.event_id } },
    });
    const send = v3(`/rooms/${enc(room)}/send/m.room.redaction/r2`);
    expect((await carol.api.put(send, { redacts: second })).status).toBe(403);
    expect((await bob.api.put(send, { redacts: second })).status).toBe(200);
    expect((await alice.api.get(v3(`/rooms/${enc(room)}/event/${enc(second)}`))).body.content).toEqual({});
    expect((await alice.api.put(v3(`/rooms/${enc(room)}/redact/${enc('$nothing')}/r3`))).status).toBe(404);
  });

  it('refuses messages without their texts, doubled reactions and threads on relations', async () => {
    const room = await create(alice);
    const send = (type: string, body: object) =>
      alice.api.put(v3(`/rooms/${enc(room)}/send/${type}/x${transactions++}`), body);
    expect((await send('m.room.message', { body: 'no type' })).status).toBe(400);
    const event = await say(alice, room, 'root');
    const reaction = { 'm.relates_to': { rel_type: 'm.annotation', event_id: event, key: '👍' } };
    const first = await send('m.reaction', reaction);
    expect((await send('m.reaction', reaction)).body.errcode).toBe('M_DUPLICATE_ANNOTATION');
    const thread = (root: unknown) => ({
      msgtype: 'm.text',
      body: 'x',
      'm.relates_to': { rel_type: 'm.thread', event_id: root },
    });
    expect((await send('m.room.message', thread(first.body.event_id))).status).toBe(400);
    expect((await send('m.room.message', thread(event))).status).toBe(200);
    expect((await send('m.room.message', { msgtype: 'm.text', body: 'x'.repeat(70_000) })).status).toBe(413);
  });

  it('carries a new display name into the rooms', async () => {
    const room = await create(carol, { preset: 'public_chat' });
    await carol.api.put(v3(`/profile/${enc(carol.userId)}/displayname`), { displayname: 'Carol' });
    await server.domain.membership.followups.idle();
    expect((await state(carol, room, 'm.room.member', carol.userId)).body).toEqual({
      membership: 'join',
      displayname: 'Carol',
    });
  });

  it('respects who does not want invites', async () => {
    const data = v3(`/user/${enc(bob.userId)}/account_data/m.invite_permission_config`);
    await bob.api.put(data, { default_action: 'block' });
    const room = await create(alice);
    const invite = await alice.api.post(v3(`/rooms/${enc(room)}/invite`), { user_id: bob.userId });
    expect([invite.status, invite.body.errcode]).toEqual([403, 'M_INVITE_BLOCKED']);
    const member = v3(`/rooms/${enc(room)}/state/m.room.member/${enc(bob.userId)}`);
    expect((await alice.api.put(member, { membership: 'invite' })).body.errcode).toBe('M_INVITE_BLOCKED');
    expect((await alice.api.post(v3('/createRoom'), { invite: [bob.userId] })).body.errcode).toBe('M_INVITE_BLOCKED');
    await bob.api.put(data, {});
  });
});
