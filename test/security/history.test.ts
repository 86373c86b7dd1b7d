import { startTestServer, type TestServer, type TestUser } from '../support/server';
import { readEverywhere, shown } from './everywhere';
import { act, createRoom, join, redact, roomPath, say, send, setState } from './rooms-rig';

const TIMES = ['SECRET-before-invite', 'SECRET-after-invite', 'SECRET-while-joined', 'SECRET-after-leave'] as const;
const [BEFORE, INVITED, JOINED, LEFT] = TIMES;

describe('what a room keeps to itself, through every reader', () => {
  let server: TestServer;
  let alice: TestUser;
  let member: TestUser;
  let invitee: TestUser;
  let stranger: TestUser;

  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice');
    member = await server.registerUser('member');
    invitee = await server.registerUser('invitee');
    stranger = await server.registerUser('stranger');
  });
  afterAll(() => server.stop());

  const tokenOf = async (user: TestUser) =>
    (await user.api.call<{ next_batch: string }>('GET', '/_matrix/client/v3/sync')).next_batch;

  /** A room whose member was invited, joined and left, with a message and a topic of each of those times. */
  async function story(visibility: string) {
    const roomId = await createRoom(alice, {
      preset: 'private_chat',
      initial_state: [
        { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: visibility } },
      ],
    });
    const events: string[] = [];
    const since = [await tokenOf(member)];
    const steps = [
      async () => undefined,
      async () => {
        await act(alice, roomId, 'invite', { user_id: member.userId });
        await act(alice, roomId, 'invite', { user_id: invitee.userId });
      },
      () => join(member, roomId),
      () => act(member, roomId, 'leave'),
    ];
    for (const [index, step] of steps.entries()) {
      await step();
      events.push(await say(alice, roomId, TIMES[index]!));
      if (index === 2) since.push(await tokenOf(member));
      events.push(await setState(alice, roomId, 'org.example.note', { note: TIMES[index]! }, `at ${index}`));
    }
    return { roomId, events, since };
  }

  it.each([
    ['joined', [BEFORE, INVITED, LEFT], [JOINED]],
    ['invited', [BEFORE, LEFT], [INVITED, JOINED]],
    ['shared', [LEFT], [BEFORE, INVITED, JOINED]],
  ])(
    'row 5, row 23, row 40: with %s history, a former member sees no more than their time',
    async (visibility, never, may) => {
      const { roomId, events, since } = await story(visibility);
      const readings = await readEverywhere(server, member, roomId, events, since);
      // State that was set before a join is state at the join: only messages are history.
      const messages = new Map([...readings].map(([way, text]) => [way, withoutState(text)]));
      expect(shown(messages, never)).toEqual({});
      expect(shown(readings, [LEFT])).toEqual({});
      for (const secret of may) expect(readings.get(`${roomPath(roomId)}/messages?limit=100&dir=b`)).toContain(secret);
    },
  );

  it.each(['joined', 'invited', 'shared'])(
    'row 5, row 23: with %s history, an invitee sees nothing of before and a stranger nothing at all',
    async (visibility) => {
      const { roomId, events } = await story(visibility);
      const ofInvitee = await readEverywhere(server, invitee, roomId, events, [await tokenOf(invitee)]);
      expect(shown(ofInvitee, visibility === 'invited' ? [BEFORE] : TIMES)).toEqual({});
      const since = [await tokenOf(stranger), await tokenOf(alice)];
      const ofStranger = await readEverywhere(server, stranger, roomId, events, since);
      expect(shown(ofStranger, [...TIMES, member.userId, alice.userId])).toEqual({});
    },
  );

  it('row 5: a stranger reads a world-readable room, so that the readers above are known to work', async () => {
    const { roomId, events } = await story('world_readable');
    const readings = await readEverywhere(server, stranger, roomId, events);
    expect(Object.keys(shown(readings, [LEFT])).length).toBeGreaterThan(10);
  });

  it('row 23: banned and kicked members, and those who declined, see nothing of later', async () => {
    const roomId = await createRoom(alice, { preset: 'public_chat' });
    const [banned, kicked, declined] = [member, invitee, stranger];
    await join(banned, roomId);
    await join(kicked, roomId);
    await act(alice, roomId, 'ban', { user_id: banned.userId });
    await act(alice, roomId, 'kick', { user_id: kicked.userId });
    await act(alice, roomId, 'invite', { user_id: declined.userId });
    await act(declined, roomId, 'leave');
    const events = [await say(alice, roomId, LEFT), await setState(alice, roomId, 'm.room.topic', { topic: LEFT })];
    for (const user of [banned, kicked, declined]) {
      const readings = await readEverywhere(server, user, roomId, events, [await tokenOf(user), await tokenOf(alice)]);
      expect([user.userId, shown(readings, [LEFT])]).toEqual([user.userId, {}]);
    }
  });

  it('row 28: an event of a room that one reads is not reached through another room, nor told from an unknown one', async () => {
    const secret = await createRoom(alice, { preset: 'private_chat' });
    const event = await say(alice, secret, BEFORE);
    const own = await createRoom(stranger, { preset: 'private_chat' });
    for (const rest of ['event', 'context']) {
      const ask = (id: string) => stranger.api.get(roomPath(own, `/${rest}/${encodeURIComponent(id)}`));
      const [there, unknown] = [await ask(event), await ask(`$${'A'.repeat(43)}`)];
      expect([there.status, there.body]).toEqual([unknown.status, unknown.body]);
    }
    const reply = await stranger.api.put(roomPath(own, `/receipt/m.read/${encodeURIComponent(event)}`), {});
    expect(reply.status).not.toBe(200);
  });

  it('row 13: what was redacted is served nowhere, to nobody, not as a previous content either', async () => {
    const roomId = await createRoom(alice, { preset: 'public_chat', visibility: 'public', name: 'plain' });
    await join(member, roomId);
    const since = [await tokenOf(alice), await tokenOf(member)];
    const text = 'SECRET-redacted';
    const root = await say(alice, roomId, text);
    const relatesTo = (rel_type: string) => ({ rel_type, event_id: root });
    const edit = await send(alice, roomId, {
      msgtype: 'm.text',
      body: text,
      'm.new_content': { msgtype: 'm.text', body: text },
      'm.relates_to': relatesTo('m.replace'),
    });
    const threaded = await send(alice, roomId, {
      msgtype: 'm.text',
      body: text,
      'm.relates_to': relatesTo('m.thread'),
    });
    const name = await setState(alice, roomId, 'm.room.name', { name: text });
    const topic = await setState(alice, roomId, 'm.room.topic', { topic: text });
    await setState(alice, roomId, 'm.room.topic', { topic: 'a later one' });
    const profile = await setState(
      member,
      roomId,
      'm.room.member',
      { membership: 'join', displayname: text },
      member.userId,
    );
    since.push(await tokenOf(alice));
    const events = [root, edit, threaded, name, topic, profile];
    const before = await readEverywhere(server, alice, roomId, events, since);
    expect(Object.keys(shown(before, [text])).length).toBeGreaterThan(15);
    for (const event of events) await redact(alice, roomId, event);
    for (const reader of [alice, member, stranger]) {
      const after = await readEverywhere(server, reader, roomId, events, since);
      expect([reader.userId, shown(after, [text])]).toEqual([reader.userId, {}]);
    }
    await server.restart();
    for (const user of [alice, member]) Object.assign(user, { api: server.api(user.token) });
    expect(shown(await readEverywhere(server, alice, roomId, events, since), [text])).toEqual({});
  });
});

/** Takes the state of rooms out of an answer, so that only what happened is left. */
function withoutState(text: string): string {
  const drop = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((item) => !isNote(item)).map(drop);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, drop(item)]));
  };
  return JSON.stringify(drop(JSON.parse(text)));
}

const isNote = (value: unknown) =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'org.example.note';
