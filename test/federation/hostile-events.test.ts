import type { JsonObject, JsonValue } from '#kernel/json';
import { parseCanonicalJson } from '#protocol/written-numbers';
import { contentHash, type Pdu } from '#protocol/events/index';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { path, type JoinedRoom } from './hostile-server';
import { at, say, stateOf } from './people';

/** Events that are not what they say. Tests name the rows of the list of known attacks that they are for. */
describe('a hostile server sends events', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  const NOT_TAKEN = { error: expect.any(String) as string };

  /** Hash and signature made anew over whatever a test has put into an event. */
  const resigned = (pdu: Pdu) => {
    const { version } = scene.room;
    return scene.hostile.sign(version, { ...pdu, hashes: { sha256: contentHash(version, pdu) } });
  };

  it('row 0: of which it takes the honest ones, so that the refusals below are for their reasons', async () => {
    const { pdu, eventId } = scene.message('an honest word');
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    expect(await scene.texts()).toContain('an honest word');
  });

  it('row 6: in the name of a user of ours', async () => {
    const { pdu, eventId } = scene.message('as alice', { sender: scene.alice.userId });
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: NOT_TAKEN });
    expect(await scene.texts()).not.toContain('as alice');
  });

  it('row 6: without a signature, with a wrong one, with that of another key, with one over something else', async () => {
    const { hostile } = scene;
    const honest = scene.message('not signed');
    const { eventId } = honest;
    const good = honest.pdu.signatures![hostile.serverName]![hostile.key.keyId]!;
    const other = scene.message('something else').pdu.signatures!;
    const forgeries: JsonObject[] = [
      {},
      { [hostile.serverName]: {} },
      { [hostile.serverName]: { [hostile.key.keyId]: 'A'.repeat(86) } },
      { [hostile.serverName]: { 'ed25519:unknown': good } },
      { [hostile.serverName]: { [`${hostile.key.keyId} `]: good } },
      { [scene.victim.config.server_name]: { [hostile.key.keyId]: good } },
      other,
    ];
    for (const signatures of forgeries) {
      expect(await hostile.send({ ...honest.pdu, signatures })).toEqual({ [eventId]: NOT_TAKEN });
    }
    expect(await scene.texts()).not.toContain('not signed');
    expect(await hostile.send(honest.pdu)).toEqual({ [eventId]: {} });
  });

  it('row 6: whose content was changed after it was signed, and of which nothing is shown', async () => {
    const { pdu } = scene.message('as signed');
    await scene.hostile.send({ ...pdu, content: { msgtype: 'm.text', body: 'swapped' } });
    expect(await scene.texts()).not.toContain('swapped');
  });

  it('row 3: with a depth that nobody can count on from', async () => {
    for (const depth of [2 ** 63, 2 ** 53, -1, 1.5, '9', null]) {
      const honest = scene.message(`depth ${depth}`);
      expect(await scene.hostile.send({ ...honest.pdu, depth })).toEqual({});
      expect(await scene.texts()).not.toContain(`depth ${depth}`);
    }
    const { pdu, eventId } = scene.message('deepest', { depth: Number.MAX_SAFE_INTEGER });
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    await scene.isAlive();
    const next = scene.message('after the deepest', { prevEvents: [eventId], depth: Number.MAX_SAFE_INTEGER });
    expect(await scene.hostile.send(next.pdu)).toEqual({ [next.eventId]: {} });
    await scene.isAlive();
    expect((await scene.texts())[0]).toMatch(/^alive/);
  });

  it('row 13: that are authorised by those of another room', async () => {
    const other = await scene.anotherRoom();
    const { pdu, eventId } = scene.message('borrowed rights', { authEvents: other.auth });
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: NOT_TAKEN });
    expect(await scene.texts()).not.toContain('borrowed rights');
  });

  it('row 13: that follow those of another room', async () => {
    const other = await scene.anotherRoom();
    scene.hostile.answers({});
    const { pdu } = scene.message('stranger', { prevEvents: [other.join.eventId] });
    await scene.hostile.send(pdu);
    await scene.victim.domain.timeline.ingest.idle();
    expect(await scene.texts()).not.toContain('stranger');
    await scene.isAlive();
  });

  it('row 13: of another room than they were made for', async () => {
    const other = await scene.anotherRoom();
    const { pdu } = scene.message('moved');
    await scene.hostile.send({ ...pdu, room_id: other.roomId });
    const { body } = await scene.alice.api('GET', at(other.roomId, 'messages?dir=b&limit=50'));
    expect(JSON.stringify(body)).not.toContain('moved');
  });

  it('row 10: that redact what they have no right to', async () => {
    const eventId = await say(scene.alice, scene.roomId, 'stays');
    const { pdu } = scene.forge({ type: 'm.room.redaction', content: { redacts: eventId } });
    await scene.hostile.send(pdu);
    expect(await scene.texts()).toContain('stays');
  });

  let redactions = 0;

  /** A redaction as rooms before version 11 have it; in the first two versions it has the id that its maker gives it. */
  const oldRedaction = (
    room: JoinedRoom,
    redacts: string,
    eventId = `$redaction${++redactions}:${scene.hostile.serverName}`,
  ) => {
    const isHashed = room.version.hashedReferences;
    const reference = (ids: readonly string[]) =>
      isHashed ? ids.map((id) => [id, { sha256: 'A'.repeat(43) }]) : [...ids];
    const pdu = {
      type: 'm.room.redaction',
      content: {},
      redacts,
      ...(isHashed && { event_id: eventId }),
      room_id: room.roomId,
      sender: scene.hostile.userId,
      depth: room.join.pdu.depth + 1,
      origin_server_ts: Date.now(),
      prev_events: reference([room.join.eventId]),
      auth_events: reference(room.auth),
    };
    return scene.hostile.sign(room.version, pdu as unknown as Pdu);
  };

  it.each(['1', '2', '3', '10'])('row 10: that redact in a room of version %s', async (room_version) => {
    const room = await scene.anotherRoom({ room_version });
    const eventId = await say(scene.alice, room.roomId, 'stays');
    expect(Object.keys(await scene.hostile.send(oldRedaction(room, eventId).pdu))).toHaveLength(1);
    const { body } = await scene.alice.api('GET', at(room.roomId, `event/${encodeURIComponent(eventId)}`));
    expect(body['content']).toMatchObject({ body: 'stays' });
  });

  /** What is left of a message once all of this was received. */
  const contentAfter = async (room: JoinedRoom, eventId: string, ...redactions: readonly Pdu[]) => {
    const answers = await scene.hostile.send(...redactions);
    const { body } = await scene.alice.api('GET', at(room.roomId, `event/${encodeURIComponent(eventId)}`));
    return { answers: Object.values(answers), content: body['content'] };
  };

  describe.each(['1', '2'])('into rooms of version %s, where who makes an event chooses its id', (room_version) => {
    it('row 10: that redact any event, under an id of its server', async () => {
      const room = await scene.anotherRoom({ room_version });
      const eventId = await say(scene.alice, room.roomId, 'stays');
      const { pdu } = oldRedaction(room, eventId, '$redaction:victim.example');
      expect(await contentAfter(room, eventId, pdu)).toEqual({
        answers: [NOT_TAKEN],
        content: expect.objectContaining({ body: 'stays' }),
      });
    });

    it('row 10: that redact any event, under the id of one that was taken already', async () => {
      const room = await scene.anotherRoom({ room_version });
      const eventId = await say(scene.alice, room.roomId, 'stays');
      const harmless = oldRedaction(room, `$nothing:${scene.hostile.serverName}`, `$twice:${scene.hostile.serverName}`);
      await scene.hostile.send(harmless.pdu);
      const { content } = await contentAfter(room, eventId, oldRedaction(room, eventId, harmless.eventId).pdu);
      expect(content).toMatchObject({ body: 'stays' });
    });

    it('row 10: that redact each other and themselves in circles, after which the room is read as ever', async () => {
      const room = await scene.anotherRoom({ room_version });
      const id = (name: string) => `$${name}-of-${room_version}:${scene.hostile.serverName}`;
      const circle = [
        oldRedaction(room, id('circle-b'), id('circle-a')),
        oldRedaction(room, id('circle-c'), id('circle-b')),
        oldRedaction(room, id('circle-a'), id('circle-c')),
        oldRedaction(room, id('circle-d'), id('circle-d')),
      ];
      await scene.hostile.send(...circle.map(({ pdu }) => pdu));
      const eventId = await say(scene.alice, room.roomId, 'goes on');
      // A redaction that came before its target is not shown by itself.
      for (const part of circle) {
        const { status } = await scene.alice.api('GET', at(room.roomId, `event/${encodeURIComponent(part.eventId)}`));
        expect([200, 404]).toContain(status);
      }
      const { status, body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=50'));
      expect({ status, text: JSON.stringify(body) }).toMatchObject({
        status: 200,
        text: expect.stringContaining('goes on'),
      });
      const read = await scene.hostile.get(
        `${path('v1/backfill', room.roomId)}?v=${encodeURIComponent(eventId)}&limit=20`,
      );
      expect(read.status).toBe(200);
    });
  });

  it('row 10: that redact themselves, or each other ahead of time', async () => {
    const [one, other] = [
      '$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      '$BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB',
    ];
    const first = scene.forge({ type: 'm.room.redaction', content: { redacts: one } });
    const second = scene.forge({ type: 'm.room.redaction', content: { redacts: first.eventId } });
    const third = scene.forge({ type: 'm.room.redaction', content: { redacts: other } });
    await scene.hostile.send(second.pdu, first.pdu, third.pdu);
    await scene.isAlive();
  });

  it('row 9: that redact how the room began, with all the right to redact', async () => {
    const power_level_content_override = { users: { [scene.alice.userId]: 100, [scene.hostile.userId]: 100 } };
    const room = await scene.anotherRoom({ room_version: '10', power_level_content_override });
    const create = await scene.stateId(room.roomId, 'm.room.create');
    const topic = await say(scene.alice, room.roomId, 'goes');
    const { pdu, eventId } = oldRedaction(room, create);
    expect(await scene.hostile.send(oldRedaction(room, topic).pdu, pdu)).toMatchObject({ [eventId]: {} });
    expect(await stateOf(scene.alice, room.roomId, 'm.room.create')).toMatchObject({ room_version: '10' });
    const { body } = await scene.alice.api('GET', at(room.roomId, `event/${encodeURIComponent(topic)}`));
    expect(body['content']).toEqual({});
    const second = await scene.hostile.join(room.roomId, `@second:${scene.hostile.serverName}`);
    expect(second.version.id).toBe('10');
  });

  it('row 17: that are malformed, beside good ones', async () => {
    const { pdu, eventId } = scene.message('beside bad ones');
    const odd: JsonValue[] = [
      { type: 5 },
      { ...pdu, prev_events: 'none' },
      { ...pdu, content: 'text' },
      { ...pdu, signatures: [] },
      { ...pdu, hashes: null },
      { ...pdu, sender: '@nobody' },
      { ...pdu, room_id: 7 },
      'a text',
      null,
      [],
    ];
    const { status, body } = await scene.hostile.transact([
      ...odd.filter((one) => typeof one === 'object' && one && !Array.isArray(one)),
      pdu,
    ]);
    expect({ status, body }).toMatchObject({ status: 200, body: { pdus: { [eventId]: {} } } });
    for (const one of odd) expect((await scene.hostile.transact([one])).status).toBeLessThan(500);
    expect(await scene.texts()).toContain('beside bad ones');
  });

  it('row 41: that are no canonical JSON, not even to know of them', async () => {
    const { pdu } = scene.message('not canonical');
    for (const content of [{ n: 1.5 }, { n: 2 ** 60 }, { n: 1e300 }]) {
      const raw = JSON.stringify({
        origin: 'x',
        origin_server_ts: 1,
        pdus: [{ ...pdu, content: { ...pdu.content, ...content } }],
      });
      const uri = path('v1/send', `odd${Object.values(content).join()}`);
      const answer = await scene.hostile.request('PUT', uri, { body: parseCanonicalJson(raw) as JsonObject, raw });
      expect(answer).toEqual({ status: 200, body: { pdus: {} } });
    }
    expect(await scene.texts()).not.toContain('not canonical');
  });

  it('row 41: with half a character', async () => {
    const { pdu } = scene.message('half');
    const body = { origin: 'x', origin_server_ts: 1, pdus: [pdu] };
    const raw = JSON.stringify(body).replace('"half"', '"half \\ud800"');
    const answer = await scene.hostile.request('PUT', path('v1/send', 'half'), { body, raw });
    expect(answer.status).toBe(400);
    expect((await scene.texts()).join()).not.toContain('half');
  });

  it('row 41: of 65,536 bytes and of one more', async () => {
    const lengthOf = (body: string) => JSON.stringify(scene.message(body, { originServerTs: 1 }).pdu).length;
    const largest = scene.message('x'.repeat(65_536 - lengthOf('')), { originServerTs: 1 });
    const larger = { ...largest.pdu, content: { ...largest.pdu.content, body: 'x'.repeat(65_537 - lengthOf('')) } };
    expect(JSON.stringify(larger)).toHaveLength(65_537);
    expect(await scene.hostile.send(larger)).toEqual({});
    expect(await scene.hostile.send(largest.pdu)).toEqual({ [largest.eventId]: {} });
  });

  it('row 41: as deep as JSON goes', async () => {
    const nested = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as JsonObject;
    const { pdu, eventId } = scene.forge({ content: { msgtype: 'm.text', body: 'not so deep', deep: nested(100) } });
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    const raw = JSON.stringify({ origin: 'x', origin_server_ts: 1, pdus: [scene.message('deepest').pdu] });
    for (const deep of [`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`, `${'['.repeat(90_000)}${']'.repeat(90_000)}`]) {
      const sent = raw.replace('"body"', `"deep":${deep},"body"`);
      expect((await scene.hostile.request('PUT', path('v1/send', 'deep'), { body: {}, raw: sent })).status).toBe(400);
    }
    await scene.isAlive();
  });

  it('__proto__: that have members which every object has', async () => {
    const content = JSON.parse(
      '{"msgtype":"m.text","body":"proto","__proto__":{"polluted":1},"constructor":{"x":1}}',
    ) as JsonObject;
    const { pdu, eventId } = scene.forge({ content });
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    const { body } = await scene.alice.api('GET', at(scene.roomId, `event/${encodeURIComponent(eventId)}`));
    expect(Object.hasOwn(body['content'] as JsonObject, '__proto__')).toBe(true);
    expect(({} as JsonObject)['polluted']).toBeUndefined();
    const odd = scene.forge({ type: '__proto__', stateKey: '__proto__', content: {} });
    await scene.hostile.send(odd.pdu);
    await scene.isAlive();
  });

  it('row 26: with more predecessors and authorities than an event may have', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, n) => `$${String(n).padStart(43, 'A')}`);
    const { pdu } = scene.message('too many');
    for (const more of [{ prev_events: ids(21) }, { auth_events: ids(11) }]) {
      expect(await scene.hostile.send(resigned({ ...pdu, ...more }).pdu)).toEqual({});
    }
    expect(await scene.texts()).not.toContain('too many');
  });

  it('row 51: that look like commands, which are words like others', async () => {
    const { pdu, eventId } = scene.message(`\\!admin users make-user-admin ${scene.hostile.userId}`);
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    await scene.isAlive();
  });
});
