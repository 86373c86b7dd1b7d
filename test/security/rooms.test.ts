import type { JsonObject } from '#kernel/json';
import { startTestServer, type TestServer, type TestUser } from '../support/server';
import { act, createRoom, join, redact, refusal, roomPath, say, setState } from './rooms-rig';

const CLIENT = '/_matrix/client/v3';

describe('rooms against their members', () => {
  let server: TestServer;
  let alice: TestUser;
  let mallory: TestUser;

  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice');
    mallory = await server.registerUser('mallory');
  });
  afterAll(() => server.stop());

  const putState = (by: TestUser, roomId: string, type: string, content: JsonObject, key = '') =>
    by.api.put(roomPath(roomId, `/state/${type}/${encodeURIComponent(key)}`), content);

  it.each(['1', '6', '10', '11', '12'])(
    'row 4: in version %s a member changes no state, whatever the power levels leave out',
    async (room_version) => {
      const roomId = await createRoom(alice, { preset: 'public_chat', room_version });
      const creators = room_version === '12' ? {} : { [alice.userId]: 100 };
      await setState(alice, roomId, 'm.room.power_levels', { users: creators });
      await join(mallory, roomId);
      const states: [string, JsonObject, string?][] = [
        ['m.room.topic', { topic: 'x' }],
        ['m.room.power_levels', { users: { [mallory.userId]: 100 } }],
        ['m.room.join_rules', { join_rule: 'private' }],
        ['m.room.history_visibility', { history_visibility: 'world_readable' }],
        ['m.room.server_acl', { deny: ['*'] }],
        ['m.room.tombstone', { body: 'x', replacement_room: '!x:test.example' }],
        ['m.room.create', { creator: mallory.userId }],
        ['m.room.member', { membership: 'ban' }, alice.userId],
        ['m.room.member', { membership: 'join' }, '@somebody:test.example'],
        ['org.example.mine', { a: 1 }, alice.userId],
        ['org.example.mine', { a: 1 }],
      ];
      for (const [type, content, key] of states) {
        expect([type, (await putState(mallory, roomId, type, content, key)).status]).toEqual([type, 403]);
      }
      for (const what of ['kick', 'ban']) {
        const reply = await mallory.api.post(roomPath(roomId, `/${what}`), { user_id: alice.userId });
        expect([what, reply.status]).toEqual([what, 403]);
      }
    },
  );

  it('row 4: nobody gives out more power than they have, nor takes it from their equals', async () => {
    const roomId = await createRoom(alice, {
      preset: 'public_chat',
      room_version: '11',
      power_level_content_override: { users: { [alice.userId]: 100, [mallory.userId]: 50 } },
    });
    await join(mallory, roomId);
    for (const users of [
      { [alice.userId]: 100, [mallory.userId]: 100 },
      { [alice.userId]: 50, [mallory.userId]: 50 },
      { [mallory.userId]: 50 },
      { [alice.userId]: 100, [mallory.userId]: '100' },
      { [alice.userId]: 100, [mallory.userId]: 9_007_199_254_740_991 },
    ]) {
      const reply = await putState(mallory, roomId, 'm.room.power_levels', { users });
      expect([400, 403]).toContain(reply.status);
    }
  });

  it.each(['1', '10', '11', '12'])(
    'row 9: the create event of a room of version %s is never redacted',
    async (version) => {
      const roomId = await createRoom(alice, { room_version: version });
      const state = await alice.api.get<JsonObject[]>(roomPath(roomId, '/state'));
      const create = state.body.find(({ type }) => type === 'm.room.create')!;
      const path = roomPath(roomId, `/redact/${encodeURIComponent(create['event_id'] as string)}/1`);
      expect((await alice.api.put(path, {})).status).toBeGreaterThanOrEqual(400);
      const after = await alice.api.get(roomPath(roomId, '/state/m.room.create?format=event'));
      expect(after.body['content']).toEqual(create['content']);
      const version2 = (await server.domain.roomState.info(roomId))!.version;
      expect(version2).toBe(version);
    },
  );

  it.each(['1', '2', '3', '11'])(
    'row 10: in version %s a member redacts what is theirs and nothing else, by either operation',
    async (room_version) => {
      const roomId = await createRoom(alice, { preset: 'public_chat', room_version });
      await join(mallory, roomId);
      const hers = await say(alice, roomId, 'hers');
      const attempts = [
        () => mallory.api.put(roomPath(roomId, `/redact/${encodeURIComponent(hers)}/1`), {}),
        () => mallory.api.put(roomPath(roomId, '/send/m.room.redaction/2'), { redacts: hers }),
      ];
      for (const attempt of attempts) expect((await attempt()).status).toBeGreaterThanOrEqual(400);
      expect((await alice.api.get(roomPath(roomId, `/event/${encodeURIComponent(hers)}`))).body['content']).toEqual({
        msgtype: 'm.text',
        body: 'hers',
      });
      const own = await say(mallory, roomId, 'own');
      await redact(mallory, roomId, own);
    },
  );

  it('row 10, row 13: a redaction does not reach into another room, nor go round in a circle', async () => {
    const [hers, his] = [await createRoom(alice), await createRoom(mallory)];
    const event = await say(alice, hers, 'hers');
    expect((await mallory.api.put(roomPath(his, `/redact/${encodeURIComponent(event)}/1`), {})).status).toBeGreaterThan(
      399,
    );
    expect((await alice.api.get(roomPath(hers, `/event/${encodeURIComponent(event)}`))).body['content']).toHaveProperty(
      'body',
    );
    const first = await redact(alice, hers, event);
    const second = await redact(alice, hers, first);
    const third = await redact(alice, hers, second);
    for (const id of [event, first, second, third]) {
      expect((await alice.api.get(roomPath(hers, `/event/${encodeURIComponent(id)}`))).status).toBe(200);
    }
    expect((await alice.api.get(roomPath(hers, '/messages?dir=b&limit=50'))).status).toBe(200);
  });

  it('row 50: aliases are deleted by who made them or manages the room, and lead where they were made to', async () => {
    const roomId = await createRoom(alice, { preset: 'public_chat', room_alias_name: 'owned' });
    const own = await createRoom(mallory, { preset: 'public_chat' });
    await join(mallory, roomId);
    const alias = `${CLIENT}/directory/room/${encodeURIComponent('#owned:test.example')}`;
    expect((await mallory.api.delete(alias)).status).toBe(403);
    expect((await server.api().delete(alias)).status).toBe(401);
    expect((await mallory.api.put(alias, { room_id: own })).status).toBe(409);
    expect((await server.api().get(alias)).body['room_id']).toBe(roomId);
    const listing = `${CLIENT}/directory/list/room/${encodeURIComponent(roomId)}`;
    expect((await mallory.api.put(listing, { visibility: 'public' })).status).toBe(403);
    for (const [type, content] of [
      ['m.room.canonical_alias', { alias: '#owned:test.example' }],
      ['m.room.canonical_alias', { alt_aliases: ['#owned:test.example'] }],
    ] satisfies [string, JsonObject][]) {
      expect((await putState(mallory, own, type, content)).status).toBe(400);
    }
    expect((await alice.api.delete(alias)).status).toBe(200);
  });

  it('row 33: an ACL as large as an event may be is taken or refused, and the room goes on', async () => {
    const roomId = await createRoom(alice);
    const deny = Array.from({ length: 3_000 }, (_, n) => `*${'a*'.repeat(4)}${n}`);
    const reply = await putState(alice, roomId, 'm.room.server_acl', { allow: ['*'], deny });
    expect([200, 400, 413]).toContain(reply.status);
    const same = await putState(alice, roomId, 'm.room.server_acl', { allow: 'all', deny: [1, null, {}] });
    expect(same.status).toBeLessThan(500);
    await say(alice, roomId, 'on');
  });

  it.each<[string, string]>([
    ['a float', '{"msgtype":"m.text","body":"x","n":1.5}'],
    ['a number out of range', '{"msgtype":"m.text","body":"x","n":9007199254740992}'],
    ['an exponent', '{"msgtype":"m.text","body":"x","n":1e400}'],
    ['a depth bomb', `{"msgtype":"m.text","body":"x","n":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['half a surrogate pair', '{"msgtype":"m.text","body":"\\udfff"}'],
    ['__proto__', '{"msgtype":"m.text","body":"x","__proto__":{"polluted":true}}'],
    ['too many bytes', `{"msgtype":"m.text","body":"${'x'.repeat(66_000)}"}`],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]).toString('latin1')],
  ])(
    'row 3, row 17, row 41: an event with %s is refused when it is sent, as message and as state',
    async (_what, body) => {
      const roomId = await createRoom(alice);
      const bytes = body.startsWith('{"a":') ? Buffer.from(body, 'latin1') : body;
      for (const rest of ['/send/m.room.message/1', '/state/org.example.s/']) {
        const reply = await alice.api.request('PUT', roomPath(roomId, rest), { body: bytes });
        expect([reply.status, reply.body['event_id']]).toEqual([expect.any(Number), undefined]);
        expect([400, 413]).toContain(reply.status);
      }
      expect(({} as JsonObject)['polluted']).toBeUndefined();
    },
  );

  it.each<[string, string, string, JsonObject]>([
    ['a room name with a NUL', 'POST', `${CLIENT}/createRoom`, { name: 'a\0b' }],
    ['a topic with half a pair', 'POST', `${CLIENT}/createRoom`, { topic: '\ud800' }],
    ['an alias with a NUL', 'POST', `${CLIENT}/createRoom`, { room_alias_name: 'a\0b' }],
    ['an alias with a blank', 'POST', `${CLIENT}/createRoom`, { room_alias_name: ' a ' }],
    ['an invite of nobody', 'POST', `${CLIENT}/createRoom`, { invite: ['@a\0:test.example'] }],
    [
      'a state key with a NUL',
      'POST',
      `${CLIENT}/createRoom`,
      { initial_state: [{ type: 'a', state_key: '\0', content: {} }] },
    ],
    [
      'a type with a NUL',
      'POST',
      `${CLIENT}/createRoom`,
      { initial_state: [{ type: 'a\0', state_key: '', content: {} }] },
    ],
    ['a version with a NUL', 'POST', `${CLIENT}/createRoom`, { room_version: '1\0' }],
    ['a version called __proto__', 'POST', `${CLIENT}/createRoom`, { room_version: '__proto__' }],
    ['a version called constructor', 'POST', `${CLIENT}/createRoom`, { room_version: 'constructor' }],
    ['a preset called constructor', 'POST', `${CLIENT}/createRoom`, { preset: 'constructor' }],
    [
      'a device of NULs',
      'POST',
      `${CLIENT}/login`,
      { type: 'm.login.password', device_id: '\0', password: 'x', user: 'a' },
    ],
    ['a user of NULs', 'POST', `${CLIENT}/login`, { type: 'm.login.password', password: 'x', user: '\0' }],
    ['a filter of NULs', 'POST', `${CLIENT}/publicRooms`, { filter: { generic_search_term: '\0%_\\' } }],
    ['a token of NULs', 'POST', `${CLIENT}/refresh`, { refresh_token: '\0' }],
    ['a login type called constructor', 'POST', `${CLIENT}/login`, { type: 'constructor' }],
  ])('NUL and half characters do no harm: %s', async (_what, method, path, body) => {
    const reply = await alice.api.request(method, path, { body });
    expect(reply.status).toBeLessThan(500);
    expect(reply.body).not.toHaveProperty('access_token');
  });

  it.each([
    '%00',
    '%ED%A0%80',
    '%ff',
    '%',
    'a%00b',
    '__proto__',
    'constructor',
    'toString',
    '%F0%9F%98%80',
    '%20',
    '../x',
  ])('names in paths are only names: %s', async (name) => {
    const roomId = await createRoom(alice);
    const paths = [
      `${CLIENT}/rooms/${name}/state`,
      roomPath(roomId, `/state/${name}`),
      roomPath(roomId, `/state/m.room.member/${name}`),
      roomPath(roomId, `/event/${name}`),
      roomPath(roomId, `/context/${name}`),
      roomPath(roomId, `/messages?dir=b&from=${name}`),
      roomPath(roomId, `/messages?dir=b&filter=${name}`),
      roomPath(roomId, `/members?at=${name}`),
      `${CLIENT}/user/${encodeURIComponent(alice.userId)}/account_data/${name}`,
      `${CLIENT}/user/${encodeURIComponent(alice.userId)}/filter/${name}`,
      `${CLIENT}/profile/${name}`,
      `${CLIENT}/profile/${encodeURIComponent(alice.userId)}/${name}`,
      `${CLIENT}/devices/${name}`,
      `${CLIENT}/directory/room/${name}`,
      `${CLIENT}/sync?since=${name}`,
      `${CLIENT}/sync?filter=${name}`,
      `${CLIENT}/publicRooms?since=${name}`,
      `${CLIENT}/presence/${name}/status`,
      `${CLIENT}/pushrules/global/override/${name}`,
      `${CLIENT}/register/available?username=${name}`,
    ];
    for (const path of paths) {
      const reply = await alice.api.get(path);
      expect([path, reply.status < 500]).toEqual([path, true]);
    }
    const type = await alice.api.put(`${CLIENT}/user/${encodeURIComponent(alice.userId)}/account_data/${name}`, {
      a: 1,
    });
    expect(type.status).toBeLessThan(500);
    const state = await alice.api.put(roomPath(roomId, `/state/${name}/${name}`), { a: 1 });
    expect(state.status).toBeLessThan(500);
    expect((await alice.api.get(`${CLIENT}/sync`)).status).toBe(200);
  });

  it('ids that differ in case or in a trailing space are different: types, state keys, account data, transactions', async () => {
    const roomId = await createRoom(alice);
    const names = ['org.example.x', 'org.example.X', 'org.example.x ', 'org.example.x\u0301', 'org.éxample.x'];
    const user = `${CLIENT}/user/${encodeURIComponent(alice.userId)}/account_data`;
    const transactions = new Set<unknown>();
    for (const [value, name] of names.entries()) {
      await setState(alice, roomId, encodeURIComponent(name), { value });
      await setState(alice, roomId, 'org.example.keyed', { value }, name);
      await alice.api.call('PUT', `${user}/${encodeURIComponent(name)}`, { body: { value } });
      const sent = await alice.api.put(roomPath(roomId, `/send/a/${encodeURIComponent(name)}`), { value });
      transactions.add(sent.body['event_id']);
    }
    expect(transactions.size).toBe(names.length);
    for (const [value, name] of names.entries()) {
      const encoded = encodeURIComponent(name);
      expect((await alice.api.get(roomPath(roomId, `/state/${encoded}`))).body).toEqual({ value });
      expect((await alice.api.get(roomPath(roomId, `/state/org.example.keyed/${encoded}`))).body).toEqual({ value });
      expect((await alice.api.get(`${user}/${encoded}`)).body).toEqual({ value });
    }
  });

  it('row 21: strings without an end are refused, whatever takes them', async () => {
    const long = 'x'.repeat(100_000);
    const roomId = await createRoom(alice);
    const me = encodeURIComponent(alice.userId);
    const calls: [string, string, JsonObject][] = [
      ['PUT', `${CLIENT}/profile/${me}/displayname`, { displayname: long }],
      ['PUT', `${CLIENT}/profile/${me}/avatar_url`, { avatar_url: long }],
      ['PUT', `${CLIENT}/devices/${alice.deviceId}`, { display_name: long }],
      ['PUT', `${CLIENT}/presence/${me}/status`, { presence: 'online', status_msg: long }],
      ['POST', `${CLIENT}/createRoom`, { room_alias_name: long }],
      ['POST', `${CLIENT}/createRoom`, { name: long }],
      ['POST', `${CLIENT}/login`, { type: 'm.login.password', user: long, password: 'x' }],
      ['POST', `${CLIENT}/login`, { type: 'm.login.password', user: 'alice', password: long }],
      [
        'POST',
        `${CLIENT}/login`,
        { type: 'm.login.password', user: 'alice', password: alice.password, device_id: long },
      ],
      ['POST', `${CLIENT}/register`, { username: long, password: 'x', auth: { type: 'm.login.dummy' } }],
      ['POST', `${CLIENT}/refresh`, { refresh_token: long }],
      ['POST', roomPath(roomId, '/invite'), { user_id: `@${long}:test.example` }],
      ['POST', roomPath(roomId, '/leave'), { reason: long }],
      ['PUT', roomPath(roomId, `/state/${'t'.repeat(300)}/`), {}],
      ['PUT', roomPath(roomId, `/state/a/${'t'.repeat(300)}`), {}],
      ['PUT', roomPath(roomId, `/send/${'t'.repeat(300)}/1`), {}],
      ['PUT', roomPath(roomId, `/send/a/${'t'.repeat(5_000)}`), {}],
      ['PUT', `${CLIENT}/user/${me}/rooms/${encodeURIComponent(roomId)}/tags/${'t'.repeat(5_000)}`, {}],
      ['PUT', `${CLIENT}/user/${me}/account_data/${'t'.repeat(5_000)}`, {}],
      ['PUT', `${CLIENT}/pushrules/global/content/${'t'.repeat(5_000)}`, { pattern: 'x', actions: [] }],
      ['PUT', `${CLIENT}/sendToDevice/m.x/${'t'.repeat(5_000)}`, { messages: {} }],
    ];
    for (const [method, path, body] of calls) {
      const { status } = await alice.api.request(method, path, { body });
      expect([path.slice(0, 90), status >= 400 && status < 500]).toEqual([path.slice(0, 90), true]);
    }
  });

  it('row 45: pages end with the room, not with a page of what is hidden', async () => {
    const roomId = await createRoom(alice, { preset: 'public_chat' });
    await join(mallory, roomId);
    await say(alice, roomId, 'the first');
    for (let n = 0; n < 40; n++) await say(mallory, roomId, `hidden ${n}`);
    await alice.api.put(`${CLIENT}/user/${encodeURIComponent(alice.userId)}/account_data/m.ignored_user_list`, {
      ignored_users: { [mallory.userId]: {} },
    });
    const seen: unknown[] = [];
    let from: string | undefined;
    for (let pages = 0; pages < 100; pages++) {
      const page = await alice.api.get<{ chunk: JsonObject[]; end?: string }>(roomPath(roomId, '/messages'), {
        dir: 'b',
        limit: 2,
        from,
      });
      seen.push(...page.body.chunk.map(({ content }) => (content as JsonObject)['body']));
      from = page.body.end;
      if (from === undefined) break;
    }
    expect(from).toBeUndefined();
    expect(seen).toContain('the first');
    expect(JSON.stringify(seen)).not.toContain('hidden');
  });

  it('to-device messages: a flood to one device is bounded, and the next sync goes on', async () => {
    const target = await server.registerUser('flooded');
    const content = { body: 'x'.repeat(60_000) };
    const send = (n: number) =>
      mallory.api.put(`${CLIENT}/sendToDevice/m.flood/t${n}`, { messages: { [target.userId]: { '*': content } } });
    for (let n = 0; n < 30; n++) expect((await send(n)).status).toBeLessThan(500);
    const answer = await target.api.get<{ to_device: { events: unknown[] } }>(`${CLIENT}/sync`);
    expect(answer.status).toBe(200);
    expect(answer.body.to_device.events.length).toBeLessThanOrEqual(100);
    const large = { messages: { [target.userId]: { '*': { body: 'x'.repeat(300_000) } } } };
    expect(refusal(await mallory.api.put(`${CLIENT}/sendToDevice/m.flood/large`, large))[0]).toBeGreaterThanOrEqual(
      400,
    );
  });

  it('row 19: a member event for a room is about the room of the path, whatever the body says', async () => {
    const [one, two] = [await createRoom(alice, { preset: 'public_chat' }), await createRoom(alice)];
    const body = { room_id: two, membership: 'join', displayname: 'x', event_id: '$x', sender: alice.userId };
    await mallory.api.post(roomPath(one, '/join'), body);
    const reply = await putState(mallory, one, 'm.room.member', body, mallory.userId);
    expect(reply.status).toBe(200);
    const event = await mallory.api.get(
      roomPath(one, `/event/${encodeURIComponent(reply.body['event_id'] as string)}`),
    );
    expect([event.body['room_id'], event.body['sender']]).toEqual([one, mallory.userId]);
    expect((await mallory.api.get(roomPath(two, '/state'))).status).toBe(403);
    await act(mallory, one, 'leave');
  });
});
