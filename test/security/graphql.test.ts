import { gzipSync } from 'node:zlib';
import type { Client } from 'graphql-ws';
import { startTestServer, type TestServer, type TestUser } from '../support/server';
import { ADMIN_PATH, CLIENT_PATH, graphql, socketClient } from '../graphql/client';
import { createRoom, roomPath } from './rooms-rig';

const SEND = `mutation ($roomId: RoomId!, $content: JSONObject!) {
  messageSend(input: { roomId: $roomId, content: $content }) { eventId errors { code } }
}`;

describe('the GraphQL door against hostile operations', () => {
  let server: TestServer;
  let alice: TestUser;
  let url: string;

  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice');
    url = server.url + CLIENT_PATH;
  });
  afterAll(() => server.stop());

  const post = (body: string, headers: Record<string, string> = {}, path = CLIENT_PATH) =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${alice.token}`, ...headers },
      body,
    });
  const ask = (query: string, variables?: object) => post(JSON.stringify({ query, variables }));
  const repeat = (count: number, text: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => text(n)).join(' ');

  /** Fragments that each spread the next one `width` times. */
  const bomb = (levels: number, width: number) => {
    const level = (n: number) =>
      `fragment F${n} on Viewer { ${n === levels ? 'isAdmin' : repeat(width, () => `...F${n + 1}`)} }`;
    return `{ viewer { ...F1 } } ${repeat(levels, (n) => level(n + 1))}`;
  };

  it.each([
    ['aliases', `{ ${repeat(40, (n) => `a${n}: viewer { isAdmin }`)} }`],
    ['aliases in a fragment', `{ ...F } fragment F on Query { ${repeat(40, (n) => `a${n}: viewer { isAdmin }`)} }`],
    ['tokens', `{ viewer { ${repeat(3000, () => 'isAdmin')} } }`],
    ['directives', `{ viewer { isAdmin ${repeat(30, () => '@include(if: true)')} } }`],
    [
      'levels',
      `{ rooms { edges { node ${'{ timeline(first: 1) { edges { node '.repeat(8)} { id } ${'} } }'.repeat(8)} } } }`,
    ],
    ['a circle of fragments', '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }'],
    ['pages', '{ rooms(first: 100) { edges { node { timeline(first: 100) { edges { node { id } } } } } } }'],
    [
      'pages in a fragment',
      '{ ...A } fragment A on Query { rooms(first: 100) { edges { node { timeline(first: 100) { edges { node { id } } } } } } }',
    ],
    ['root mutations', `mutation { ${repeat(5, (n) => `a${n}: roomCreate(input: {}) { errors { code } }`)} }`],
    [
      'root mutations in a fragment',
      `mutation { ...M } fragment M on Mutation { ${repeat(5, (n) => `a${n}: roomCreate(input: {}) { errors { code } }`)} }`,
    ],
    [
      'root mutations in inline fragments',
      `mutation { ${repeat(5, (n) => `... { a${n}: roomCreate(input: {}) { errors { code } } }`)} }`,
    ],
    ['fragments that multiply', bomb(5, 60)],
    ['pages below nothing', '{ rooms(first: -1) { edges { node { id } } } }'],
    ['pages beyond all', '{ rooms(first: 1000000) { edges { node { id } } } }'],
  ])('refuses too many %s', async (_what, query) => {
    const before = (await alice.api.get<{ joined_rooms: string[] }>('/_matrix/client/v3/joined_rooms')).body
      .joined_rooms;
    const answer = (await (await ask(query)).json()) as { errors?: { extensions: { code: string } }[]; data?: object };
    expect(answer.errors?.[0]!.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_(VALIDATION|PARSE)_FAILED)$/);
    expect(Object.values(answer.data ?? {}).filter((part) => part !== null)).toEqual([]);
    const after = (await alice.api.get<{ joined_rooms: string[] }>('/_matrix/client/v3/joined_rooms')).body
      .joined_rooms;
    expect(after).toEqual(before);
  });

  it('refuses the same over a socket', async () => {
    const client = socketClient(url, alice.token);
    for (const query of [
      bomb(5, 60),
      `subscription { ${repeat(40, (n) => `a${n}: timeline(roomId: "!a:b") { cursor }`)} }`,
    ]) {
      const [error] = (await failure(client, query)) as { extensions: { code: string } }[];
      expect(error!.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/);
    }
    await client.dispose();
  });

  it('runs one operation for each request: no batches', async () => {
    const one = { query: '{ viewer { isAdmin } }' };
    const reply = await post(JSON.stringify([one, one]));
    expect(reply.status).toBe(400);
    expect(JSON.stringify(await reply.json())).not.toContain('isAdmin":');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'takes nothing that a form of another site can send: %s',
    async (type) => {
      const reply = await post(JSON.stringify({ query: '{ viewer { isAdmin } }' }), { 'content-type': type });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(await reply.text()).not.toContain('isAdmin":');
    },
  );

  it('takes nothing from a plain GET, nor a token from the query', async () => {
    const query = encodeURIComponent('{ viewer { isAdmin } }');
    const plain = await fetch(`${url}?query=${query}&access_token=${alice.token}`);
    expect(await plain.text()).not.toContain('isAdmin":');
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query: '{ viewer { isAdmin } }' });
    const posted = await fetch(`${url}?access_token=${alice.token}`, { method: 'POST', headers, body });
    expect(JSON.stringify(await posted.json())).toContain('M_MISSING_TOKEN');
  });

  it('refuses compressed and oversized bodies before they cost anything', async () => {
    const bytes = gzipSync(Buffer.alloc(50_000_000, ' '));
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const reply = await fetch(url, { method: 'POST', headers, body: bytes });
    expect([413, 415]).toContain(reply.status);
    expect((await post(JSON.stringify({ query: `{ viewer { isAdmin } } #${'x'.repeat(300_000)}` }))).status).toBe(413);
  });

  it.each([
    ['__proto__', '{"msgtype":"m.text","body":"x","__proto__":{"isAdmin":true}}'],
    ['half a surrogate pair', '{"msgtype":"m.text","body":"\\ud800"}'],
    ['a number out of range', '{"msgtype":"m.text","body":"x","n":9007199254740993}'],
    ['a float', '{"msgtype":"m.text","body":"x","n":1.5}'],
    ['a depth bomb', `{"msgtype":"m.text","body":"x","n":${'['.repeat(2000)}${']'.repeat(2000)}}`],
  ])('row 41: sends no event with %s', async (_what, content) => {
    const roomId = await createRoom(alice);
    const body = `{"query":${JSON.stringify(SEND)},"variables":{"roomId":${JSON.stringify(roomId)},"content":${content}}}`;
    const reply = await post(body);
    const text = await reply.text();
    expect([reply.status < 500, /"eventId":"/.test(text), /INTERNAL/.test(text)]).toEqual([true, false, false]);
    const messages = await alice.api.get<{ chunk: { type: string }[] }>(
      `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=1`,
    );
    expect(messages.body.chunk[0]!.type).not.toBe('m.room.message');
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('refuses __proto__ in a literal, too', async () => {
    const roomId = await createRoom(alice);
    const input = `roomId: ${JSON.stringify(roomId)}, content: { msgtype: "m.text", body: "x", __proto__: { a: 1 } }`;
    const answer = await graphql(url, alice.token, `mutation { messageSend(input: { ${input} }) { eventId } }`);
    expect(answer.errors![0]!.message).toContain('__proto__');
  });

  it('row 1: opens no field of the admin schema to others, whatever way it is reached', async () => {
    for (const query of [
      '{ users { edges { node { userId } } totalCount } }',
      '{ ...A } fragment A on Query { users { edges { node { userId } } } }',
      `{ user(userId: "${alice.userId}") { userId devices { deviceId } } }`,
      `mutation { userDeactivate(input: { userId: "${alice.userId}" }) { errors { code } } }`,
    ]) {
      for (const token of [undefined, alice.token, 'trl_nobody']) {
        const answer = await graphql(server.url + ADMIN_PATH, token, query);
        expect(answer.errors!.length).toBeGreaterThan(0);
        expect(JSON.stringify(answer.data ?? null)).not.toContain('@');
      }
    }
  });

  it('gives no hint of the schema to those who guess at it', async () => {
    const answer = await graphql(url, undefined, '{ viewr { isAdmin } }');
    expect(JSON.stringify(answer)).not.toMatch(/did you mean|viewer"/i);
  });

  it('refuses cursors of other lists and made-up ones', async () => {
    for (const after of ['x', 'eA.AAAAAAAAAAAAAAAA', `${Buffer.from('!z').toString('base64url')}.`]) {
      const answer = await graphql(
        url,
        alice.token,
        'query ($after: String) { rooms(after: $after) { edges { cursor } } }',
        { after },
      );
      expect(answer.errors![0]!.extensions).toMatchObject({ errcode: 'M_INVALID_PARAM' });
    }
  });
});

it('GraphQL counts against the same limits as REST, by user', async () => {
  const server = await startTestServer({
    rate_limits: { enabled: true, message: { requests: 4, seconds: 3_600 }, other: { requests: 6, seconds: 3_600 } },
  });
  try {
    const alice = await server.registerUser('alice');
    const bob = await server.registerUser('bob');
    const roomId = await createRoom(alice);
    const url = server.url + CLIENT_PATH;
    const variables = { roomId, content: { msgtype: 'm.text', body: 'x' } };
    for (let n = 0; n < 2; n++) {
      await alice.api.put(roomPath(roomId, `/send/m.room.message/${n}`), variables.content);
      expect((await graphql(url, alice.token, SEND, variables)).errors).toBeUndefined();
    }
    const refused = await graphql(url, alice.token, SEND, variables);
    expect(refused.errors![0]!.extensions).toMatchObject({ code: 'RATE_LIMITED', errcode: 'M_LIMIT_EXCEEDED' });
    expect(refused.errors![0]!.extensions!['retryAfterMs']).toBeGreaterThan(0);
    expect((await alice.api.put(roomPath(roomId, '/send/m.room.message/9'), variables.content)).status).toBe(429);
    const many = `{ ${Array.from({ length: 10 }, (_, n) => `a${n}: viewer { isAdmin }`).join(' ')} }`;
    expect(JSON.stringify((await graphql(url, bob.token, many)).errors)).toContain('M_LIMIT_EXCEEDED');
  } finally {
    await server.stop();
  }
});

/** Runs an operation that must fail; what it failed with. */
function failure(client: Client, query: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.subscribe({ query }, { next: reject, error: resolve, complete: () => reject(new Error('it completed')) });
  });
}
