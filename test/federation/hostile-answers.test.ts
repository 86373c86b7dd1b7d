import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '#kernel/json';
import { buildEvent, type Pdu } from '#protocol/events/index';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { HostileServer, send } from './hostile-server';
import { at, eventually, say } from './people';

const JSON_TYPE = { 'content-type': 'application/json' };
const MEGABYTE = 1024 * 1024;

/** What a hostile server answers when it is asked for something. */
describe('a hostile server answers', () => {
  let scene: HostileScene;
  let rooms = 0;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  /** Alice tries to join a room there. */
  const join = () => {
    const room = encodeURIComponent(`!room${++rooms}:${scene.hostile.serverName}`);
    return scene.alice.api('POST', `/join/${room}?via=${encodeURIComponent(scene.hostile.serverName)}`, {});
  };
  /** It did answer, however badly, and so is asked again at once. */
  const forgiven = () => scene.victim.domain.federation.destinations.succeeded(scene.hostile.serverName);
  const trickle = (response: ServerResponse, piece: string, everyMs: number) => {
    response.writeHead(200, JSON_TYPE);
    const timer = setInterval(() => response.write(piece), everyMs);
    response.on('close', () => clearInterval(timer));
  };
  afterEach(forgiven);

  it('row 25: without end', async () => {
    let sent = 0;
    scene.hostile.answerWith((_, response) => {
      response.writeHead(200, JSON_TYPE);
      const more = (): void => {
        while (!response.destroyed && response.write(' '.repeat(65_536))) sent += 65_536;
        sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    expect((await join()).status).toBe(502);
    expect(sent).toBeLessThan(64 * MEGABYTE);
    await scene.isAlive();
  });

  it.each(['gzip', 'x-gzip'])('row 51: with a bomb of %s', async (encoding) => {
    const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE, ' '));
    expect(bomb.length).toBeLessThan(MEGABYTE);
    scene.hostile.answerWith((_, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding }).end(bomb);
    });
    expect((await join()).status).toBe(502);
    await scene.isAlive();
  });

  it.each([
    ['nested beyond measure', `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`],
    ['that is no JSON', '{"room_version": "11", '],
    ['that is no object', '"text"'],
    ['that is nothing', ''],
    ['that is no text', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['with members of every object', '{"__proto__":{"room_version":"11","event":{}}}'],
  ])('row 25: with JSON %s', async (_, body) => {
    scene.hostile.answerWith((__, response) => void response.writeHead(200, JSON_TYPE).end(body));
    const { status } = await join();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).not.toBe(500);
    expect(({} as JsonObject)['room_version']).toBeUndefined();
    await scene.isAlive();
  });

  it('row 25: by leading elsewhere, where nobody follows', async () => {
    const other = await HostileServer.start(scene.ca, scene.victim);
    scene.hostile.answerWith((request, response) => {
      response.writeHead(307, { location: `https://${other.serverName}${request.url}` }).end();
    });
    expect((await join()).status).toBeGreaterThanOrEqual(400);
    expect(other.asked).toEqual([]);
    await other.stop();
  });

  it('row 25: slower than anybody waits, which keeps nobody else waiting', async () => {
    scene.hostile.answerWith((_, response) => trickle(response, ' ', 500));
    const waiting = join();
    const start = Date.now();
    for (let n = 0; n < 5; n++) await scene.isAlive();
    expect(await Promise.race([waiting, Promise.resolve('still waiting')])).toBe('still waiting');
    scene.hostile.answers({});
    expect((await waiting).status).toBeGreaterThanOrEqual(400);
    expect(Date.now() - start).toBeLessThan(60_000);
  });

  it('row 36: with ever more missing events', async () => {
    const missing = () => `$${String(++rooms).padStart(43, 'M')}`;
    const chain = (count: number) => {
      let before = missing();
      return Array.from({ length: count }, () => {
        const { pdu, eventId } = scene.forge({ prevEvents: [before], depth: 1_000 });
        before = eventId;
        return pdu;
      });
    };
    scene.hostile.answers({ get_missing_events: () => ({ events: chain(1_000).map((pdu) => pdu) }) });
    const asked = scene.hostile.asked.length;
    const { pdu, eventId } = scene.message('after a gap', { prevEvents: [missing()], depth: 1_001 });
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    await scene.victim.domain.timeline.ingest.idle();
    expect(scene.hostile.asked.length - asked).toBeLessThan(100);
    await scene.isAlive();
  });

  it('row 36: with a state of more events than rooms have', async () => {
    const ids = Array.from({ length: 250_000 }, (_, n) => `$${String(n).padStart(43, 'S')}`);
    scene.hostile.answers({ state_ids: { pdu_ids: ids, auth_chain_ids: [] }, get_missing_events: { events: [] } });
    const { pdu } = scene.message('after a huge state', { prevEvents: [`$${'H'.repeat(43)}`] });
    await scene.hostile.send(pdu);
    await scene.victim.domain.timeline.ingest.idle();
    expect(scene.hostile.askedFor('event/')).toBe(0);
    expect(scene.hostile.askedFor('state/')).toBe(0);
    expect(await scene.texts()).not.toContain('after a huge state');
    await scene.isAlive();
  });

  it('row 25: with millions of nothing, which take more memory than their bytes', async () => {
    const nothing = Buffer.from(`{"pdu_ids":[${'{},'.repeat(11 * MEGABYTE)}{}]}`);
    scene.hostile.answerWith((request, response) => {
      if (request.url?.includes('/state_ids/') === true) return void response.writeHead(200, JSON_TYPE).end(nothing);
      send(response, 200, { events: [] });
    });
    const { pdu } = scene.message('after nothing', { prevEvents: [`$${'N'.repeat(43)}`] });
    await scene.hostile.send(pdu);
    await scene.victim.domain.timeline.ingest.idle();
    expect(await scene.texts()).not.toContain('after nothing');
    expect(scene.logged('too many values')).not.toEqual([]);
    await scene.isAlive();
  });

  it('row 48: with events that it did not sign, when asked for missing ones', async () => {
    const forged = scene.message('as alice', { sender: scene.alice.userId });
    const moved = await scene.anotherRoom();
    const elsewhere = scene.hostile.event(moved, { content: { msgtype: 'm.text', body: 'from another room' } });
    scene.hostile.answers({
      get_missing_events: { events: [forged.pdu, elsewhere.pdu] },
      event: { pdus: [forged.pdu] },
    });
    const { pdu } = scene.message('after a forgery', { prevEvents: [forged.eventId, elsewhere.eventId] });
    await scene.hostile.send(pdu);
    await scene.victim.domain.timeline.ingest.idle();
    const texts = await scene.texts();
    expect(texts).not.toContain('as alice');
    expect(texts).not.toContain('from another room');
  });

  it.each(['1', '2'])('row 36: with missing events that go round in circles, in version %s', async (room_version) => {
    const room = await scene.anotherRoom({ room_version });
    const id = (name: string) => `$${name}-${room_version}:${scene.hostile.serverName}`;
    const follows = (name: string, before: string) => {
      const pdu = buildEvent(room.version, {
        roomId: room.roomId,
        type: 'm.room.message',
        sender: scene.hostile.userId,
        content: { msgtype: 'm.text', body: name },
        prevEvents: [id(before)],
        authEvents: room.auth,
        depth: room.join.pdu.depth + 5,
        originServerTs: Date.now(),
        eventId: id(name),
        hashOf: () => 'A'.repeat(43),
      });
      return scene.hostile.sign(room.version, pdu).pdu;
    };
    const circle = [follows('a', 'b'), follows('b', 'c'), follows('c', 'a')];
    const state = (room.answer['state'] as Pdu[]).map((event) => String(event.event_id));
    scene.hostile.answers({
      get_missing_events: { events: circle },
      state_ids: { pdu_ids: state, auth_chain_ids: state },
    });
    const asked = scene.hostile.asked.length;
    await scene.hostile.send(follows('after the circle', 'a'), follows('itself', 'itself'));
    await scene.victim.domain.timeline.ingest.idle();
    expect(scene.hostile.asked.length - asked).toBeLessThan(40);
    await say(scene.alice, room.roomId, 'goes on');
    const { status } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=100'));
    expect(status).toBe(200);
    await scene.isAlive();
  });

  it('row 13: with a history of other rooms, and of far more than it was asked for', async () => {
    const other = await scene.anotherRoom();
    const room = new HostileRoom(scene);
    const word = (body: string, more: Parameters<typeof room.make>[3] = {}) =>
      room.make('org.example.word', body, { body }, more);
    const before = word('before');
    const last = room.add('m.room.topic', '', { topic: 'now' }, { prevEvents: [before.eventId] });
    room.serve(room.answer(), room.template({ prev_events: [last.eventId] }));
    expect((await room.ask('join')).status).toBe(200);
    const foreign = scene.hostile.event(other, { content: { msgtype: 'm.text', body: 'of another room' } });
    const many = Array.from({ length: 3_000 }, (_, n) => word(`far too many ${n}`));
    scene.hostile.answers({
      backfill: { pdus: [last, before, foreign, ...many].map(({ pdu }) => pdu) },
      state_ids: { pdu_ids: [], auth_chain_ids: [] },
    });
    const { status, body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=50'));
    expect(status).toBe(200);
    expect(scene.hostile.askedFor('backfill')).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toContain('of another room');
    const { timeline } = scene.victim.domain;
    const kept = await Promise.all(many.map(async ({ eventId }) => (await timeline.event(eventId)) !== undefined));
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(100);
    const { body: there } = await scene.alice.api('GET', at(other.roomId, 'messages?dir=b&limit=50'));
    expect(JSON.stringify(there)).not.toContain('of another room');
  });

  it('row 36: nothing for long, which keeps the events of others from waiting behind its own', async () => {
    const other = await HostileServer.start(scene.ca, scene.victim);
    const room = await other.join(scene.roomId, `@honest:${other.serverName}`);
    const held: ServerResponse[] = [];
    scene.hostile.answerWith((_, response) => void held.push(response));
    await scene.hostile.send(scene.message('held up', { prevEvents: [`$${'W'.repeat(43)}`] }).pdu);
    const sender = `@honest:${other.serverName}`;
    const lost = other.event(room, { sender, content: { msgtype: 'm.text', body: 'lost at first' } });
    other.answers({ get_missing_events: { events: [lost.pdu] } });
    const next = other.event(room, {
      sender,
      prevEvents: [lost.eventId],
      content: { msgtype: 'm.text', body: 'next' },
    });
    await other.send(next.pdu);
    try {
      await eventually(async () =>
        expect(await scene.texts()).toEqual(expect.arrayContaining(['lost at first', 'next'])),
      );
      expect(await scene.texts()).not.toContain('held up');
    } finally {
      scene.hostile.answers({});
      held.forEach((response) => response.destroy());
      await scene.victim.domain.timeline.ingest.idle();
      await other.stop();
    }
  });

  it('row 36: with more events that wait than are kept, which takes no place of others', async () => {
    scene.hostile.answerWith((_, response) => send(response, 500, { errcode: 'M_UNKNOWN', error: 'later' }));
    let refused = 0;
    for (let n = 0; n < 8; n++) {
      const pdus = Array.from(
        { length: 50 },
        () => scene.forge({ prevEvents: [`$${String(++rooms).padStart(43, 'Q')}`] }).pdu,
      );
      const answer = Object.values(await scene.hostile.send(...pdus)) as JsonObject[];
      refused += answer.filter((one) => one['error'] !== undefined).length;
    }
    expect(refused).toBeGreaterThan(50);
    await say(scene.alice, scene.roomId, 'not held up');
    await scene.isAlive();
  });
});
