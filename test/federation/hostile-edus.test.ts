import type { JsonObject, JsonValue } from '#kernel/json';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { path } from './hostile-server';
import { at, say, syncOf } from './people';

/** What is not kept: typing, receipts, presence; and floods of whatever it is. */
describe('a hostile server sends EDUs', () => {
  let scene: HostileScene;
  let stranger: string;
  beforeAll(async () => {
    scene = await startHostileScene();
    stranger = `@stranger:${scene.hostile.serverName}`;
  });
  afterAll(() => scene.stop());

  const typing = (user: JsonValue, where: JsonValue = scene.roomId): JsonObject => ({
    edu_type: 'm.typing',
    content: { room_id: where, user_id: user, typing: true },
  });
  const receipt = (user: string, eventId: string, data: JsonObject = { ts: 1 }): JsonObject => ({
    edu_type: 'm.receipt',
    content: { [scene.roomId]: { 'm.read': { [user]: { event_ids: [eventId], data } } } },
  });
  const presence = (user: string, more: JsonObject = {}): JsonObject => ({
    edu_type: 'm.presence',
    content: { push: [{ user_id: user, presence: 'online', ...more }] },
  });
  const sendEdus = async (...edus: readonly JsonValue[]) => {
    expect(await scene.hostile.transact([], edus)).toEqual({ status: 200, body: { pdus: {} } });
  };
  const ephemeral = async () => {
    const room = (await syncOf(scene.alice)).join![scene.roomId] as { ephemeral: { events: JsonObject[] } };
    return JSON.stringify(room.ephemeral.events);
  };
  const statusOf = async (userId: string) =>
    (await scene.alice.api('GET', `/presence/${encodeURIComponent(userId)}/status`)).body;

  it('row 0: of which it takes the honest ones', async () => {
    const eventId = await say(scene.alice, scene.roomId, 'read by mallory');
    const { userId } = scene.hostile;
    await sendEdus(typing(userId), receipt(userId, eventId), presence(userId, { status_msg: 'honest' }));
    const text = await ephemeral();
    expect(text).toContain('m.typing');
    expect(text).toContain(eventId);
    expect(await statusOf(userId)).toMatchObject({ presence: 'online', status_msg: 'honest' });
    await sendEdus({ edu_type: 'm.typing', content: { room_id: scene.roomId, user_id: userId, typing: false } });
    expect(await ephemeral()).not.toContain(`"user_ids":["${userId}"]`);
  });

  it('row 10, row 32, row 50: in the name of users of ours, of other servers, and of its own who are not there', async () => {
    const eventId = await say(scene.alice, scene.roomId, 'unread');
    for (const user of [scene.alice.userId, '@somebody:example.org', stranger]) {
      await sendEdus(typing(user), receipt(user, eventId), presence(user, { status_msg: 'forged' }));
    }
    const text = await ephemeral();
    expect(text).not.toContain(stranger);
    expect(text).not.toContain('somebody');
    expect(text).not.toContain(eventId);
    expect(JSON.stringify(await statusOf(scene.alice.userId))).not.toContain('forged');
    expect((await scene.alice.api('GET', `/presence/${encodeURIComponent(stranger)}/status`)).status).toBe(403);
  });

  it('row 32: about rooms that it is not in, and events of other rooms', async () => {
    const other = await scene.anotherRoom();
    const { api } = scene.alice;
    const secret = (await api('POST', '/createRoom', { preset: 'private_chat' })).body['room_id'] as string;
    const eventId = await say(scene.alice, secret, 'secret');
    const { userId } = scene.hostile;
    const inSecret = {
      edu_type: 'm.receipt',
      content: { [secret]: { 'm.read': { [userId]: { event_ids: [eventId], data: { ts: 1 } } } } },
    };
    await sendEdus(typing(userId, secret), inSecret, receipt(userId, eventId), receipt(userId, other.join.eventId));
    const rooms = (await syncOf(scene.alice)).join!;
    const told = [secret, scene.roomId].map((id) => JSON.stringify((rooms[id] as { ephemeral: JsonObject }).ephemeral));
    expect(told[0]).not.toContain(userId);
    expect(told[1]).not.toContain(eventId);
    expect(told[1]).not.toContain(other.join.eventId);
  });

  it('row 17: that are malformed, which harms none of the others', async () => {
    const eventId = await say(scene.alice, scene.roomId, 'read all the same');
    const { userId } = scene.hostile;
    const odd: JsonValue[] = [
      { edu_type: 'org.unknown', content: {} },
      { edu_type: 'm.typing', content: { room_id: 5, user_id: null, typing: 'x' } },
      { edu_type: 'm.receipt', content: { [scene.roomId]: { 'm.read': { [userId]: { event_ids: 'x', data: 7 } } } } },
      { edu_type: 'm.receipt', content: { [scene.roomId]: [], x: null } },
      { edu_type: 'm.presence', content: { push: 'x' } },
      { edu_type: 'm.presence', content: { push: [null, 5, [], { user_id: 5 }, { user_id: userId, presence: '?' }] } },
      { edu_type: '__proto__', content: {} },
    ];
    await sendEdus(...odd, receipt(userId, eventId));
    expect(await ephemeral()).toContain(eventId);
    for (const edu of ['a text', 5, null]) expect((await scene.hostile.transact([], [edu])).status).toBeLessThan(500);
  });

  it('floods: of more than anybody shows, and of times that are none', async () => {
    const { userId } = scene.hostile;
    await sendEdus(presence(userId, { status_msg: 'short' }));
    await sendEdus(presence(userId, { status_msg: 'x'.repeat(100_000), last_active_ago: 1e300 }));
    const { status_msg: message, last_active_ago: ago } = await statusOf(userId);
    expect(JSON.stringify(message ?? '').length).toBeLessThan(5_000);
    expect(Number.isSafeInteger(ago)).toBe(true);
    await sendEdus(presence(userId, { last_active_ago: 0.5 }), presence(userId, { last_active_ago: -7 }));
    expect(Number.isSafeInteger((await statusOf(userId))['last_active_ago'])).toBe(true);
    const eventId = await say(scene.alice, scene.roomId, 'read when');
    await sendEdus(
      receipt(userId, eventId, { ts: 1e300, thread_id: 'x'.repeat(70_000) }),
      receipt(userId, eventId, { ts: -1.5 }),
    );
    expect(await ephemeral()).not.toMatch(/1e\+300|-1\.5|xxxx/);
  });

  it('floods: more than 50 events and 100 EDUs at once, of which none is looked at', async () => {
    const { userId } = scene.hostile;
    const edus = Array.from({ length: 101 }, () => typing(userId));
    expect(await scene.hostile.transact([], edus)).toEqual(refused(400, 'M_BAD_JSON'));
    const pdus = Array.from({ length: 51 }, (_, n) => scene.message(`flood ${n}`).pdu);
    expect(await scene.hostile.transact(pdus)).toEqual(refused(400, 'M_BAD_JSON'));
    expect((await scene.texts()).join()).not.toContain('flood');
    await scene.isAlive();
  });

  it('floods: receipts for ten thousand users in one EDU, of which some are looked at', async () => {
    const eventId = await say(scene.alice, scene.roomId, 'read by many');
    const read = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [
        `@u${n}:${scene.hostile.serverName}`,
        { event_ids: [eventId], data: { ts: 1 } },
      ]),
    );
    const own = { [scene.hostile.userId]: { event_ids: [eventId], data: { ts: 1 } } };
    await sendEdus({ edu_type: 'm.receipt', content: { [scene.roomId]: { 'm.read': { ...read, ...own } } } });
    expect(await ephemeral()).not.toContain(eventId);
    await scene.isAlive();
  });

  it('row 32: a hundred EDUs that tell of hundreds of users each, of which some are looked at', async () => {
    await sendEdus(presence(scene.hostile.userId, { status_msg: 'before the flood' }));
    const eventId = await say(scene.alice, scene.roomId, 'read by hundreds');
    const users = (name: string) => Array.from({ length: 400 }, (_, n) => `@${name}${n}:${scene.hostile.serverName}`);
    const flood = Array.from({ length: 49 }, (_, n): JsonObject[] => {
      const push = users(`p${n}-`).map((user_id) => ({ user_id, presence: 'online' }));
      const read = Object.fromEntries(users(`r${n}-`).map((user) => [user, { event_ids: [eventId], data: { ts: 1 } }]));
      return [
        { edu_type: 'm.presence', content: { push } },
        { edu_type: 'm.receipt', content: { [scene.roomId]: { 'm.read': read } } },
      ];
    });
    const { userId } = scene.hostile;
    await sendEdus(...flood.flat(), presence(userId, { status_msg: 'after the flood' }), receipt(userId, eventId));
    expect(await statusOf(userId)).toMatchObject({ status_msg: 'before the flood' });
    expect(await ephemeral()).not.toContain(eventId);
    await sendEdus(presence(userId, { status_msg: 'the next' }), receipt(userId, eventId));
    expect(await statusOf(userId)).toMatchObject({ status_msg: 'the next' });
    expect(await ephemeral()).toContain(eventId);
  });

  it('floods: transactions that do not wait for each other’s answers', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => scene.hostile.transact([scene.message(`wave ${n}`).pdu])),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    await scene.isAlive();
  });

  it('floods: transactions about rooms that nobody here is in', async () => {
    const pdus = Array.from(
      { length: 50 },
      (_, n) => scene.message('unknown', { roomId: `!r${n}:${scene.hostile.serverName}` }).pdu,
    );
    for (let n = 0; n < 10; n++)
      expect(await scene.hostile.transact(pdus)).toEqual({ status: 200, body: { pdus: {} } });
    await scene.isAlive();
  });

  it('floods: the same transaction again, which is not taken in again', async () => {
    const { pdu, eventId } = scene.message('once');
    const body = { origin: scene.hostile.serverName, origin_server_ts: 1, pdus: [pdu], edus: [] };
    const first = await scene.hostile.put(path('v1/send', 'again'), body);
    expect(first).toEqual({ status: 200, body: { pdus: { [eventId]: {} } } });
    const other = { ...body, pdus: [scene.message('other').pdu] };
    expect(await scene.hostile.put(path('v1/send', 'again'), other)).toEqual(first);
    expect(await scene.texts()).not.toContain('other');
  });

  it('row 21: transactions with ids of more bytes than identifiers have', async () => {
    const body = { origin: scene.hostile.serverName, origin_server_ts: 1, pdus: [scene.message('long id').pdu] };
    for (const txnId of [`é${'é'.repeat(127)}`, 'x'.repeat(256), 'x'.repeat(9_000)]) {
      expect(await scene.hostile.put(path('v1/send', txnId), body)).toEqual(refused(400, 'M_INVALID_PARAM'));
    }
    expect(await scene.texts()).not.toContain('long id');
    expect((await scene.hostile.put(path('v1/send', 'x'.repeat(255)), body)).status).toBe(200);
  });

  it('row 32, row 33: about a room that shuts it out', async () => {
    const eventId = await say(scene.alice, scene.roomId, 'not for mallory');
    const denied = { allow: ['*'], deny: ['LOCALHOST'] };
    expect((await scene.alice.api('PUT', at(scene.roomId, 'state/m.room.server_acl/'), denied)).status).toBe(200);
    await sendEdus(typing(scene.hostile.userId), receipt(scene.hostile.userId, eventId));
    expect(await ephemeral()).not.toContain(eventId);
    expect(await ephemeral()).not.toContain('m.typing');
  });
});
