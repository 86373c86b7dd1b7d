import type { JsonObject } from '#kernel/json';
import { buildEvent, type Pdu } from '#protocol/events/index';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { path, type JoinedRoom } from './hostile-server';
import { at, say } from './people';

/** Ids of events, rooms and users that are too long, odd, or given twice. */
describe('a hostile server makes up ids', () => {
  let scene: HostileScene;
  let old: JoinedRoom;
  let made = 0;
  beforeAll(async () => {
    scene = await startHostileScene();
    old = await scene.anotherRoom({ room_version: '2' });
  });
  afterAll(() => scene.stop());

  /** A message in a room whose event ids are chosen by their makers. */
  const chosen = (eventId: string, body: string, more: Partial<Pdu> = {}) => {
    const pdu = buildEvent(old.version, {
      roomId: old.roomId,
      type: 'm.room.message',
      sender: scene.hostile.userId,
      content: { msgtype: 'm.text', body },
      prevEvents: [old.join.eventId],
      authEvents: old.auth,
      depth: old.join.pdu.depth + 1,
      originServerTs: Date.now(),
      eventId,
      hashOf: () => 'A'.repeat(43),
    });
    return scene.hostile.sign(old.version, { ...pdu, ...more } as Pdu);
  };
  const ownId = (name: string) => `$${name}:${scene.hostile.serverName}`;
  const texts = async (): Promise<string[]> => {
    const { status, body } = await scene.alice.api('GET', at(old.roomId, 'messages?dir=b&limit=1000'));
    expect(status).toBe(200);
    return (body['chunk'] as { content: JsonObject }[]).flatMap(({ content }) => (content['body'] as string) ?? []);
  };
  const isTaken = async ({ pdu, eventId }: ReturnType<typeof chosen>) => {
    const answer = await scene.hostile.transact([pdu]);
    expect(answer.status).toBe(200);
    return JSON.stringify((answer.body['pdus'] as JsonObject)[eventId]) === '{}';
  };

  it.each([
    ['spaces', 'a b '],
    ['slashes and dots', '../../a/b?c=d#e%2f%00'],
    ['characters beyond the basic plane', '💩𝕏'],
    ['quotes and backslashes', `'"\\\`; DROP TABLE events; --`],
    ['control characters', 'a\u0001\u007f\u0085\u2028'],
    ['characters that turn the direction', '\u202eevil\u202c'],
    ['names that every object has', '__proto__'],
    ['letters that another id has in another case', 'CASE'],
    ['letters that another id has in this case', 'case'],
  ])('of %s, which are ids like others', async (_, name) => {
    const event = chosen(ownId(name), `called ${name}`);
    expect(await isTaken(event)).toBe(true);
    expect(await texts()).toContain(`called ${name}`);
    const { status, body } = await scene.alice.api('GET', at(old.roomId, `event/${encodeURIComponent(event.eventId)}`));
    expect({ status, body }).toMatchObject({ status: 200, body: { event_id: event.eventId } });
    const read = await scene.hostile.get(path('v1/event', event.eventId));
    expect(JSON.stringify(read.body)).toContain(JSON.stringify(event.eventId));
  });

  it.each<[string, () => string]>([
    ['of 256 bytes', () => `$${'x'.repeat(254 - scene.hostile.serverName.length)}:${scene.hostile.serverName}`],
    [
      'of 255 characters and more bytes',
      () => `$${'é'.repeat(253 - scene.hostile.serverName.length)}:${scene.hostile.serverName}`,
    ],
    ['of ten thousand characters', () => ownId('x'.repeat(10_000))],
    ['with NUL', () => ownId('a\0b')],
    ['without a server', () => '$nowhere'],
    ['without a sigil', () => `nothing:${scene.hostile.serverName}`],
    ['of another server', () => '$of:trusted.example'],
    ['of this server', () => '$of:victim.example'],
  ])('row 41: %s, which are none', async (_, id) => {
    const body = `none ${++made}`;
    expect(await isTaken(chosen(id(), body))).toBe(false);
    expect(await texts()).not.toContain(body);
  });

  it('of 255 bytes, the most that there may be', async () => {
    const event = chosen(
      `$${'x'.repeat(253 - scene.hostile.serverName.length)}:${scene.hostile.serverName}`,
      'longest',
    );
    expect(Buffer.byteLength(event.eventId)).toBe(255);
    expect(await isTaken(event)).toBe(true);
    expect(await texts()).toContain('longest');
  });

  it('row 13: that were given before: the first stays what it was, here and in other rooms', async () => {
    const first = chosen(ownId('twice'), 'the first');
    expect(await isTaken(first)).toBe(true);
    await scene.hostile.send(chosen(ownId('twice'), 'the second').pdu);
    const other = await scene.anotherRoom({ room_version: '2' });
    await scene.hostile.send(chosen(ownId('twice'), 'in another room', { room_id: other.roomId }).pdu);
    const mine = await say(scene.alice, old.roomId, 'mine');
    await scene.hostile.send(chosen(mine, 'not mine').pdu);
    expect(await texts()).toEqual(expect.arrayContaining(['the first', 'mine']));
    expect((await texts()).filter((text) => ['the second', 'not mine', 'in another room'].includes(text))).toEqual([]);
    const { body } = await scene.alice.api('GET', at(other.roomId, 'messages?dir=b&limit=50'));
    expect(JSON.stringify(body)).not.toMatch(/in another room|the first/);
    await say(scene.alice, other.roomId, 'goes on');
  });

  it.each<[string, string]>([
    ['of ten thousand characters', 'x'.repeat(10_000)],
    ['of nothing', ''],
    ['with NUL', '$a\0b'],
    ['that is no id', '💩'],
  ])('row 10: of what they redact, %s', async (_, redacts) => {
    const inOld = chosen(ownId(`redaction${++made}`), '', { type: 'm.room.redaction', content: {}, redacts });
    const answers = [
      await scene.hostile.transact([inOld.pdu]),
      await scene.hostile.transact([scene.forge({ type: 'm.room.redaction', content: { redacts } }).pdu]),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await say(scene.alice, old.roomId, 'goes on');
    await scene.isAlive();
  });

  it.each<[string, string]>([
    ['rooms of ten thousand characters', `!${'r'.repeat(10_000)}:victim.example`],
    ['rooms of 256 bytes', `!${'é'.repeat(130)}:victim.example`],
    ['rooms with NUL', '!a\0b:victim.example'],
    ['rooms without a name', '!:victim.example'],
    ['rooms that are paths', '!../../x:victim.example'],
    ['rooms of no server', '!room'],
    ['rooms that are none', '💩'],
  ])('of %s, in every path that takes one', async (_, roomId) => {
    const eventId = `$${'E'.repeat(43)}`;
    const { userId } = scene.hostile;
    const event = scene.forge().pdu;
    const answers = [
      await scene.hostile.get(`${path('v1/state', roomId)}?event_id=${eventId}`),
      await scene.hostile.get(`${path('v1/state_ids', roomId)}?event_id=${eventId}`),
      await scene.hostile.get(path('v1/event_auth', roomId, eventId)),
      await scene.hostile.get(`${path('v1/backfill', roomId)}?v=${eventId}&limit=1`),
      await scene.hostile.get(`${path('v1/timestamp_to_event', roomId)}?ts=1&dir=f`),
      await scene.hostile.request('POST', path('v1/get_missing_events', roomId), {
        body: { earliest_events: [], latest_events: [eventId] },
      }),
      await scene.hostile.get(`${path('v1/make_join', roomId, userId)}?ver=11`),
      await scene.hostile.get(path('v1/make_leave', roomId, userId)),
      await scene.hostile.get(`${path('v1/make_knock', roomId, userId)}?ver=11`),
      await scene.offer('v2/send_join', roomId, eventId, event),
      await scene.offer('v2/send_leave', roomId, eventId, event),
      await scene.offer('v1/send_knock', roomId, eventId, event),
      await scene.offer('v2/invite', roomId, eventId, { room_version: '11', event, invite_room_state: [] }),
      await scene.hostile.put(path('v1/exchange_third_party_invite', roomId), { ...event, room_id: roomId }),
    ];
    for (const { status } of answers) expect([400, 403, 404, 414]).toContain(status);
    const { pdu } = scene.forge({ roomId });
    expect((await scene.hostile.transact([pdu])).status).toBe(200);
    await scene.isAlive();
  });

  it.each<[string, string]>([
    ['of ten thousand characters', `$${'e'.repeat(10_000)}`],
    ['with NUL', '$a\0b'],
    ['of another form', 'event'],
    ['of half a character', '$%ED%A0%80'],
    ['that are paths', '$../../x'],
  ])('of events %s, in every path that takes one', async (_, eventId) => {
    const id = eventId.includes('%') ? eventId : encodeURIComponent(eventId);
    const { roomId } = scene;
    const answers = [
      await scene.hostile.get(`/_matrix/federation/v1/event/${id}`),
      await scene.hostile.get(`${path('v1/state', roomId)}?event_id=${id}`),
      await scene.hostile.get(`${path('v1/state_ids', roomId)}?event_id=${id}`),
      await scene.hostile.get(`${path('v1/event_auth', roomId)}/${id}`),
      await scene.hostile.put(`${path('v2/send_join', roomId)}/${id}`, scene.forge().pdu),
      await scene.hostile.put(`${path('v2/send_leave', roomId)}/${id}`, scene.forge().pdu),
    ];
    for (const { status } of answers) expect([400, 403, 404, 414]).toContain(status);
    const backfill = await scene.hostile.get(`${path('v1/backfill', roomId)}?v=${id}&limit=5`);
    const missing = await scene.hostile.request('POST', path('v1/get_missing_events', roomId), {
      body: { earliest_events: [eventId], latest_events: [eventId], limit: 5 },
    });
    for (const { status } of [backfill, missing]) expect(status).toBeLessThan(500);
    await scene.isAlive();
  });
});
