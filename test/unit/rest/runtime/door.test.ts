import { AuthenticationRequiredError } from '#domain/sessions';
import { BadJsonError, ForbiddenError, LimitExceededError, MatrixError } from '#kernel/errors';
import { DoorUnderTest, type Answer } from './support';

const SEND = '/_matrix/client/v3/rooms/!r:example.org/send/m.room.message/t1';

interface Call {
  path: Record<string, string>;
  query: Record<string, unknown>;
  body: Record<string, unknown>;
  requester?: { userId: string };
}

describe('the door', () => {
  let door: DoorUnderTest;
  let calls: Call[];
  let outcome: () => unknown;

  const record = async (call: Call) => {
    calls.push(call);
    return outcome();
  };

  beforeAll(async () => {
    door = await DoorUnderTest.start({
      'client-server': {
        accountData: { setAccountData: record },
        roomSend: { sendMessage: record },
        roomState: { setRoomStateWithKey: record },
        rooms: { getRoomStateWithKey: record, getRoomState: record, getRoomEvents: record },
        joining: { joinRoom: record },
        inviting: { inviteUser: record },
        thirdPartyMembership: { inviteBy3PID: record },
        messagePagination: { getRoomEvents: record },
        logout: { logout: record },
        versions: { getVersions: record },
        whoami: { getTokenOwner: record },
      },
    });
  });
  afterAll(() => door.stop());
  beforeEach(() => {
    calls = [];
    outcome = () => ({ event_id: '$e' });
  });

  const refused = (answer: Answer, status: number, errcode: string) => {
    expect([answer.status, answer.json['errcode']]).toEqual([status, errcode]);
    expect(typeof answer.json['error']).toBe('string');
  };

  it('hands a valid request to its delegate and its reply to the client', async () => {
    const answer = await door.ask(SEND, { method: 'PUT', body: { body: 'hello' } });
    expect([answer.status, answer.json]).toEqual([200, { event_id: '$e' }]);
    expect(calls[0]).toMatchObject({
      path: { roomId: '!r:example.org', eventType: 'm.room.message', txnId: 't1' },
      body: { body: 'hello' },
      requester: { userId: '@alice:example.org' },
    });
  });

  it('serves the old r0 path like the new one', async () => {
    expect((await door.ask(SEND.replace('/v3/', '/r0/'), { method: 'PUT', body: {} })).status).toBe(200);
  });

  it.each([
    ['a path that nobody knows', 'GET', '/_matrix/client/v3/nothing', 404],
    ['a doubled slash', 'PUT', SEND.replace('/rooms', '//rooms'), 404],
    ['an empty parameter', 'PUT', SEND.replace('!r:example.org', ''), 404],
    ['a path that goes up', 'PUT', SEND.replace('/send', '/../send'), 404],
    ['a method the path does not have', 'POST', SEND, 405],
    ['a method nobody has', 'PATCH', SEND, 405],
  ])('answers %s with M_UNRECOGNIZED', async (_what, method, path, status) => {
    refused(await door.ask(path, { method, body: {} }), status, 'M_UNRECOGNIZED');
    expect(calls).toEqual([]);
  });

  it.each(['%zz', '%ff'])('refuses the escape %s in the path, which stands for no text', async (escape) => {
    refused(await door.ask(SEND.replace('t1', escape), { method: 'PUT', body: {} }), 400, 'M_INVALID_PARAM');
    expect(calls).toEqual([]);
  });

  it('names the allowed methods with a 405', async () => {
    expect((await door.ask(SEND, { method: 'POST' })).headers['allow']).toBe('OPTIONS, PUT');
  });

  it('refuses a NUL character in the path', async () => {
    refused(await door.ask(SEND.replace('t1', 'a%00b'), { method: 'PUT', body: {} }), 400, 'M_INVALID_PARAM');
  });

  it('decodes each segment exactly once, encoded slashes included', async () => {
    await door.ask('/_matrix/client/v3/rooms/%21r%3Aexample.org/send/a%2Fb/%2525%2B', { method: 'PUT', body: {} });
    expect(calls[0]?.path).toEqual({ roomId: '!r:example.org', eventType: 'a/b', txnId: '%25+' });
  });

  it.each([
    ['/_matrix/client/v3/rooms/!r:x/state/m.room.topic', ''],
    ['/_matrix/client/v3/rooms/!r:x/state/m.room.topic/', ''],
    ['/_matrix/client/v3/rooms/!r:x/state/m.room.topic/key', 'key'],
    ['/_matrix/client/v3/rooms/!r:x/state/m.room.topic/a%2Fb', 'a/b'],
    ['/_matrix/client/r0/rooms/!r:x/state/m.room.topic', ''],
  ])('reads the state key of %s', async (path, stateKey) => {
    outcome = () => ({ topic: 'x' });
    expect((await door.ask(path)).status).toBe(200);
    expect(calls[0]?.path).toEqual({ roomId: '!r:x', eventType: 'm.room.topic', stateKey });
  });

  describe('authentication', () => {
    it('asks for a token before it looks at the body', async () => {
      refused(await door.ask(SEND, { method: 'PUT', token: null, body: '{' }), 401, 'M_MISSING_TOKEN');
    });

    it('says with an unknown token whether the session can be resumed', async () => {
      const answer = await door.ask(SEND, { method: 'PUT', token: 'wrong', body: '{' });
      refused(answer, 401, 'M_UNKNOWN_TOKEN');
      expect(answer.json['soft_logout']).toBe(false);
    });

    it('takes a token from the query and hides it from the delegate', async () => {
      const answer = await door.ask(`${SEND}?access_token=alice&other=1`, { method: 'PUT', token: null, body: {} });
      expect(answer.status).toBe(200);
      expect(calls[0]?.query).toEqual(Object.assign(Object.create(null), { other: '1' }));
    });

    it.each(['bearer alice', 'BEARER alice', 'Bearer  alice'])('reads the scheme of "%s"', async (authorization) => {
      const answer = await door.ask(SEND, {
        method: 'PUT',
        token: null,
        headers: { Authorization: authorization },
        body: {},
      });
      expect(answer.status).toBe(200);
    });

    it('takes no token from other schemes', async () => {
      refused(
        await door.ask(SEND, { method: 'PUT', token: null, headers: { Authorization: 'Basic alice' } }),
        401,
        'M_MISSING_TOKEN',
      );
    });

    it('keeps guests out of what is not on the guest list', async () => {
      refused(
        await door.ask('/_matrix/client/v3/rooms/!r:x/invite', { method: 'POST', token: 'guest', body: {} }),
        403,
        'M_GUEST_ACCESS_FORBIDDEN',
      );
    });

    it('takes guests for strangers where nobody needs a token', async () => {
      outcome = () => ({ versions: [] });
      expect((await door.ask('/_matrix/client/versions', { token: 'guest' })).status).toBe(200);
      expect(calls[0]?.requester).toBeUndefined();
      await door.ask('/_matrix/client/versions');
      expect(calls[1]?.requester).toMatchObject({ userId: '@alice:example.org' });
      refused(await door.ask('/_matrix/client/versions', { token: 'wrong' }), 401, 'M_UNKNOWN_TOKEN');
    });

    it('asks for a token where an operation is a gap, and only then calls it unknown', async () => {
      const gap = '/_matrix/client/v3/pushers';
      refused(await door.ask(gap, { token: null }), 401, 'M_MISSING_TOKEN');
      refused(await door.ask(gap), 404, 'M_UNRECOGNIZED');
    });

    it('wants X-Matrix on federation paths', async () => {
      refused(await door.ask('/_matrix/federation/v1/event/$e', { token: 'alice' }), 401, 'M_UNAUTHORIZED');
    });
  });

  describe('bodies', () => {
    const put = (body: unknown, headers = {}) => door.ask(SEND, { method: 'PUT', body, headers });

    it.each([
      ['text that is no JSON', '{"a": '],
      ['a byte order mark', '\ufeff{}'],
      ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
      ['white space alone', '  '],
      ['NaN', '{"a":NaN}'],
    ])('answers %s with M_NOT_JSON', async (_what, body) => refused(await put(body), 400, 'M_NOT_JSON'));

    it.each([
      ['a list', '[]'],
      ['null', 'null'],
      ['a text', '"x"'],
      ['a member called __proto__', '{"__proto__":{"admin":true}}'],
      ['an escaped member called __proto__', '{"\\u005f_proto__":{"admin":true}}'],
      ['half of a surrogate pair', '{"a":"\\ud83d"}'],
      ['a number beyond 2^53-1', '{"a":9007199254740992}'],
      ['a number beyond all numbers', '{"a":1e400}'],
      ['101 nested lists', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
    ])('answers %s with M_BAD_JSON', async (_what, body) => refused(await put(body), 400, 'M_BAD_JSON'));

    it('counts an absent body as an empty object', async () => {
      expect((await door.ask(SEND, { method: 'PUT' })).status).toBe(200);
      expect(calls[0]?.body).toEqual({});
    });

    it('does not care about the content type', async () => {
      expect((await put('{}', { 'Content-Type': 'application/x-www-form-urlencoded' })).status).toBe(200);
    });

    it('refuses compressed bodies', async () => {
      expect((await put('{}', { 'Content-Encoding': 'gzip' })).status).toBe(415);
    });

    it('refuses a large body from its length alone', async () => {
      refused(await put('{}', { 'Content-Length': '5000000' }), 413, 'M_TOO_LARGE');
    });

    it('refuses a large body of unknown length while it comes', async () => {
      refused(await put(Buffer.alloc(3_000_000, 32), { 'Transfer-Encoding': 'chunked' }), 413, 'M_TOO_LARGE');
    });

    it('leaves the body of an operation without one alone', async () => {
      outcome = () => ({});
      expect((await door.ask('/_matrix/client/v3/logout', { method: 'POST', body: 'not json' })).status).toBe(200);
    });
  });

  describe('validation', () => {
    const messages = '/_matrix/client/v3/rooms/!r:x/messages';
    const invite = '/_matrix/client/v3/rooms/!r:x/invite';

    it('names a missing query parameter', async () => {
      const answer = await door.ask(messages);
      refused(answer, 400, 'M_MISSING_PARAM');
      expect(answer.json['error']).toContain('dir');
    });

    it('names a query parameter of the wrong type', async () => {
      const answer = await door.ask(`${messages}?dir=b&limit=many`);
      refused(answer, 400, 'M_INVALID_PARAM');
      expect(answer.json['error']).toContain('limit');
    });

    it('turns query text into numbers and keeps unknown keys', async () => {
      outcome = () => ({ start: 's', chunk: [] });
      await door.ask(`${messages}?dir=b&limit=5&user_id=@bob:x&org.example=1`);
      expect(calls[0]?.query).toMatchObject({ dir: 'b', limit: 5, user_id: '@bob:x', 'org.example': '1' });
    });

    it('makes a list of one value where the operation has a list', async () => {
      outcome = () => ({ room_id: '!r:x' });
      await door.ask('/_matrix/client/v3/join/%23a:x?via=one.example:8448', { method: 'POST', body: {} });
      expect(calls[0]?.query['via']).toEqual(['one.example:8448']);
    });

    it('refuses a path parameter without its sigil', async () => {
      refused(await door.ask(SEND.replace('!r', 'r'), { method: 'PUT', body: {} }), 400, 'M_INVALID_PARAM');
    });

    it('names a body member of the wrong type', async () => {
      const answer = await door.ask(invite, { method: 'POST', body: { user_id: 7 } });
      refused(answer, 400, 'M_BAD_JSON');
      expect(answer.json['error']).toContain('user_id');
    });

    it('names a missing body member', async () => {
      refused(await door.ask(invite, { method: 'POST', body: {} }), 400, 'M_MISSING_PARAM');
    });

    it('accepts body members it does not know', async () => {
      outcome = () => ({});
      expect((await door.ask(invite, { method: 'POST', body: { user_id: '@b:x', display_name: 'B' } })).status).toBe(
        200,
      );
    });

    it('tells two operations on one path apart by their body', async () => {
      outcome = () => ({});
      const body = { id_server: 'id.example', id_access_token: 'x', medium: 'email', address: 'b@x.example' };
      expect((await door.ask(invite, { method: 'POST', body })).status).toBe(200);
      expect(calls[0]?.body).toEqual(body);
    });

    it.each(['%zz', '%ff', 'a%00'])('refuses the query value %s', async (value) => {
      refused(await door.ask(`${messages}?dir=b&from=${value}`), 400, 'M_INVALID_PARAM');
    });

    it('treats a query key called __proto__ as a key like any other', async () => {
      outcome = () => ({ start: 's', chunk: [] });
      expect((await door.ask(`${messages}?dir=b&__proto__=x&__proto__[y]=z&constructor=1`)).status).toBe(200);
      expect(({} as Record<string, unknown>)['y']).toBeUndefined();
    });
  });

  describe('errors', () => {
    const thrown = (error: unknown) => {
      outcome = () => {
        throw error;
      };
      return door.ask(SEND, { method: 'PUT', body: {} });
    };

    it('gives errcode, message and further members of a refusal', async () => {
      const answer = await thrown(new MatrixError('M_WRONG_ROOM_KEYS_VERSION', 'Wrong', { current_version: '2' }));
      expect([answer.status, answer.json]).toEqual([
        403,
        { errcode: 'M_WRONG_ROOM_KEYS_VERSION', error: 'Wrong', current_version: '2' },
      ]);
    });

    it('knows the status of subclasses', async () =>
      refused(await thrown(new ForbiddenError('No')), 403, 'M_FORBIDDEN'));

    it('says when to come back', async () => {
      const answer = await thrown(new LimitExceededError(1500));
      refused(answer, 429, 'M_LIMIT_EXCEEDED');
      expect([answer.headers['retry-after'], answer.json['retry_after_ms']]).toEqual(['2', 1500]);
    });

    it('shows where user-interactive authentication stands, with an errcode only where a stage failed', async () => {
      const challenge = { flows: [['m.login.dummy']], params: {}, session: 's', completed: [] };
      const open = { flows: [{ stages: ['m.login.dummy'] }], params: {}, session: 's', completed: [] };
      const first = await thrown(new AuthenticationRequiredError(challenge));
      expect([first.status, first.json]).toEqual([401, open]);
      const second = await thrown(new AuthenticationRequiredError(challenge, new ForbiddenError('Wrong password')));
      expect([second.status, second.json]).toEqual([401, { ...open, errcode: 'M_FORBIDDEN', error: 'Wrong password' }]);
    });

    it('knows statuses that an operation gives an errcode, once it was reached', async () => {
      const path = '/_matrix/client/v3/user/@alice:example.org/account_data/m.push_rules';
      outcome = () => {
        throw new BadJsonError('The server manages this');
      };
      refused(await door.ask(path, { method: 'PUT', body: {} }), 405, 'M_BAD_JSON');
      refused(await door.ask(path, { method: 'PUT', body: '[]' }), 400, 'M_BAD_JSON');
    });

    it('tells nothing of a fault but its request id', async () => {
      const answer = await thrown(new Error('SELECT secret FROM users'));
      expect(answer.status).toBe(500);
      expect(answer.json).toEqual({
        errcode: 'M_UNKNOWN',
        error: 'Internal server error',
        request_id: expect.any(String) as string,
      });
    });
  });

  describe('browsers', () => {
    it('answers a preflight without authentication and does nothing else', async () => {
      const answer = await door.ask(SEND, { method: 'OPTIONS', token: null });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-headers': 'X-Requested-With, Content-Type, Authorization',
      });
      expect(calls).toEqual([]);
    });

    it.each([
      ['answers', SEND, 200],
      ['refusals', `${SEND}/no/such/path`, 404],
      ['identity answers', '/_matrix/identity/v2/nothing', 404],
    ])('lets any origin read %s', async (_what, path, status) => {
      const answer = await door.ask(path, { method: 'PUT', body: {} });
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([status, '*']);
    });

    it('keeps browsers out of what is between servers', async () => {
      const answer = await door.ask('/_matrix/federation/v1/version', { method: 'OPTIONS' });
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([405, undefined]);
    });
  });

  it('answers HEAD like GET without the body', async () => {
    outcome = () => ({ user_id: '@alice:example.org' });
    const answer = await door.ask('/_matrix/client/v3/account/whoami', { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it('forbids caches to keep answers', async () => {
    expect((await door.ask(SEND, { method: 'PUT', body: {} })).headers['cache-control']).toBe('no-store');
  });
});
