import { setTimeout as sleep } from 'node:timers/promises';
import { startTestServer, type TestServer, type TestUser } from '../support/server';
import { CLIENT_PATH, graphql, socketClient } from './client';

interface Timeline {
  room: {
    timeline: {
      edges: { cursor: string; node: { type: string; body?: string } }[];
      pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
    };
  };
}

const SEND = `mutation ($roomId: RoomId!, $content: JSONObject!, $transactionId: String) {
  messageSend(input: { roomId: $roomId, content: $content, transactionId: $transactionId }) { eventId errors { code message path } }
}`;
const PAGE = `query ($roomId: RoomId!, $first: Int, $after: String, $last: Int, $before: String) {
  room(roomId: $roomId) { timeline(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { type ... on MessageEvent { body } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}`;

/** What a subscription brings first. Somebody speaks until it does, as nothing says when a subscription begins. */
async function firstOf<T>(stream: AsyncIterator<T>, speak: () => Promise<unknown>): Promise<IteratorResult<T>> {
  let isHere = false;
  const first = stream.next().finally(() => (isHere = true));
  while (!isHere) {
    await speak();
    await Promise.race([first, sleep(50)]);
  }
  return first;
}

describe('the client GraphQL API', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let url: string;

  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice');
    bob = await server.registerUser('bob');
    url = server.url + CLIENT_PATH;
  });
  afterAll(() => server.stop());

  async function createRoom(preset = 'PUBLIC_CHAT'): Promise<string> {
    const answer = await graphql<{ roomCreate: { room: { roomId: string } } }>(
      url,
      alice.token,
      `
        mutation ($preset: RoomPreset!) {
          roomCreate(input: { preset: $preset, name: "Garden" }) {
            room {
              roomId
              name
            }
            errors {
              code
            }
          }
        }
      `,
      { preset },
    );
    return answer.data!.roomCreate.room.roomId;
  }

  async function send(user: TestUser, roomId: string, body: string, transactionId?: string) {
    const answer = await graphql<{
      messageSend: { eventId: string | null; errors: { code: string; path: string[] | null }[] };
    }>(url, user.token, SEND, { roomId, content: { msgtype: 'm.text', body }, transactionId });
    return answer.data!.messageSend;
  }

  it('tells the caller who they are', async () => {
    const answer = await graphql<{ viewer: object }>(
      url,
      alice.token,
      '{ viewer { deviceId isAdmin user { userId displayName } } }',
    );
    expect(answer.data!.viewer).toEqual({
      deviceId: alice.deviceId,
      isAdmin: false,
      user: { userId: alice.userId, displayName: null },
    });
  });

  it.each([
    ['viewer', '{ viewer { isAdmin } }'],
    ['user', '{ user(userId: "@alice:test.example") { userId } }'],
    ['rooms', '{ rooms { edges { cursor } } }'],
    ['room', '{ room(roomId: "!a:test.example") { roomId } }'],
    ['roomCreate', 'mutation { roomCreate(input: {}) { errors { code } } }'],
  ])('refuses anonymous callers of %s', async (_field, query) => {
    const answer = await graphql(url, undefined, query);
    expect(answer.errors![0]!.extensions).toMatchObject({ code: 'UNAUTHENTICATED', errcode: 'M_MISSING_TOKEN' });
  });

  it('refuses a token that is not one of this server', async () => {
    const answer = await graphql(url, 'trl_nobody', '{ viewer { isAdmin } }');
    expect(answer.errors![0]!.extensions).toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
  });

  it('creates a room that REST clients see, with its members and state', async () => {
    const roomId = await createRoom();
    await bob.api.post(`/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, {});
    const answer = await graphql<{
      room: { name: string; joinedMemberCount: number; members: { edges: { node: object }[] }; state: object[] };
    }>(
      url,
      bob.token,
      `
        query ($roomId: RoomId!) {
          room(roomId: $roomId) {
            name
            joinedMemberCount
            members(first: 10, membership: JOIN) {
              edges {
                node {
                  membership
                  user {
                    userId
                  }
                }
              }
            }
            state(type: "m.room.name") {
              type
              stateKey
              ... on RoomNameEvent {
                name
              }
            }
          }
        }
      `,
      { roomId },
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data!.room).toEqual({
      name: 'Garden',
      joinedMemberCount: 2,
      members: {
        edges: [
          { node: { membership: 'JOIN', user: { userId: alice.userId } } },
          { node: { membership: 'JOIN', user: { userId: bob.userId } } },
        ],
      },
      state: [{ type: 'm.room.name', stateKey: '', name: 'Garden' }],
    });
  });

  it('does not tell strangers whether a room exists', async () => {
    const roomId = await createRoom('PRIVATE_CHAT');
    const query = 'query ($roomId: RoomId!) { room(roomId: $roomId) { name } }';
    const closed = await graphql(url, bob.token, query, { roomId });
    const missing = await graphql(url, bob.token, query, { roomId: '!nowhere:test.example' });
    expect(closed.errors).toEqual(missing.errors);
    expect(closed.errors![0]!.extensions).toMatchObject({ code: 'FORBIDDEN', errcode: 'M_FORBIDDEN' });
  });

  it('sends a message once, however often its transaction is repeated', async () => {
    const roomId = await createRoom();
    const first = await send(alice, roomId, 'hello', 'txn1');
    const again = await send(alice, roomId, 'hello', 'txn1');
    expect(first.eventId).toMatch(/^\$/);
    expect(again.eventId).toBe(first.eventId);
  });

  it('gives expected refusals as errors of the payload', async () => {
    const roomId = await createRoom('PRIVATE_CHAT');
    expect(await send(bob, roomId, 'let me in')).toMatchObject({ eventId: null, errors: [{ code: 'M_FORBIDDEN' }] });
  });

  it('pages through the timeline in both directions, every event once', async () => {
    const roomId = await createRoom();
    for (let i = 0; i < 7; i++) await send(alice, roomId, `m${i}`);
    const bodies = (answer: { data?: Timeline | null }) =>
      answer.data!.room.timeline.edges.map(({ node }) => node.body).filter((body) => body !== undefined);
    const newest = await graphql<Timeline>(url, alice.token, PAGE, { roomId, last: 3 });
    expect(bodies(newest)).toEqual(['m4', 'm5', 'm6']);
    const before = newest.data!.room.timeline.pageInfo.startCursor;
    const older = await graphql<Timeline>(url, alice.token, PAGE, { roomId, last: 3, before });
    expect(bodies(older)).toEqual(['m1', 'm2', 'm3']);
    const after = older.data!.room.timeline.pageInfo.endCursor;
    const newer = await graphql<Timeline>(url, alice.token, PAGE, { roomId, first: 100, after });
    expect(bodies(newer)).toEqual(['m4', 'm5', 'm6']);
    expect(newer.data!.room.timeline.pageInfo.hasNextPage).toBe(false);
  });

  it.each([
    ['a page that is too large', { first: 101 }],
    ['both directions at once', { first: 1, last: 1 }],
    ['a cursor of its own making', { after: 'JGE.AAAA' }],
  ])('refuses %s', async (_what, page) => {
    const roomId = await createRoom();
    const answer = await graphql(url, alice.token, PAGE, { roomId, ...page });
    expect(answer.errors![0]!.extensions).toMatchObject({ errcode: 'M_INVALID_PARAM' });
  });

  it('refuses operations that cost too much, nest too deep or have too many aliases', async () => {
    const costly =
      '{ rooms(first: 100) { edges { node { members(first: 100) { edges { node { user { displayName } } } } } } } }';
    const aliases = `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: viewer { isAdmin }`).join(' ')} }`;
    for (const query of [costly, aliases]) {
      const answer = await graphql(url, alice.token, query);
      expect(answer.data ?? null).toBeNull();
      expect(answer.errors).toHaveLength(1);
    }
  });

  describe('the timeline subscription', () => {
    const FOLLOW =
      'subscription ($roomId: RoomId!, $after: String) { timeline(roomId: $roomId, after: $after) { cursor event { type ... on MessageEvent { body } } } }';
    type Item = { timeline: { cursor: string; event: { type: string; body?: string } } };

    it('brings events as they come and resumes behind a cursor on another connection', async () => {
      const roomId = await createRoom();
      const first = socketClient(url, alice.token);
      const stream = first.iterate<Item>({ query: FOLLOW, variables: { roomId } });
      const one = (await firstOf(stream, () => send(alice, roomId, 'one'))).value.data!.timeline;
      expect(one.event.body).toBe('one');
      await first.dispose();
      await send(alice, roomId, 'two');
      await send(alice, roomId, 'three');
      const second = socketClient(url, alice.token);
      const resumed = second.iterate<Item>({ query: FOLLOW, variables: { roomId, after: one.cursor } });
      const bodies: (string | undefined)[] = [];
      while (bodies.at(-1) !== 'three') bodies.push((await resumed.next()).value.data!.timeline.event.body);
      expect(bodies.filter((body) => body !== 'one')).toEqual(['two', 'three']);
      await second.dispose();
    });

    it('ends when its follower leaves the room', async () => {
      const roomId = await createRoom();
      await bob.api.post(`/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, {});
      const client = socketClient(url, bob.token);
      const stream = client.iterate<Item>({ query: FOLLOW, variables: { roomId } });
      await firstOf(stream, () => send(alice, roomId, 'for bob too'));
      await bob.api.post(`/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/leave`, {});
      await send(alice, roomId, 'not for bob');
      const heard: (string | undefined)[] = [];
      for await (const item of stream) heard.push(item.data!.timeline.event.body);
      expect(heard).not.toContain('not for bob');
      await client.dispose();
    });

    it('is closed with 4403 when the session ends', async () => {
      const carol = await server.registerUser('carol');
      const roomId = await createRoom();
      await carol.api.post(`/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, {});
      let closed: (code: number) => void = () => undefined;
      const code = new Promise<number>((resolve) => (closed = resolve));
      const client = socketClient(url, carol.token, closed);
      const stream = client.iterate<Item>({ query: FOLLOW, variables: { roomId } });
      await firstOf(stream, () => send(alice, roomId, 'for carol'));
      const ended = stream.next().catch(() => undefined);
      await carol.api.post('/_matrix/client/v3/logout', {});
      expect(await code).toBe(4403);
      await ended;
    });

    it('refuses a connection without a token', async () => {
      let closed: (code: number) => void = () => undefined;
      const code = new Promise<number>((resolve) => (closed = resolve));
      const client = socketClient(url, 'trl_nobody', closed);
      const stream = client.iterate({ query: '{ viewer { isAdmin } }' });
      await expect(stream.next()).rejects.toMatchObject({ code: 4403 });
      expect(await code).toBe(4403);
    });
  });
});
