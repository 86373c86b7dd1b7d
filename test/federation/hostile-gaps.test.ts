import type { ServerResponse } from 'node:http';
import type { JsonObject } from '#kernel/json';
import { freePort } from '../support/federation';
import { makePrivateCa, type PrivateCa } from '../support/private-ca';
import { startTestServer, type TestServer } from '../support/server';
import { HostileServer, send, type JoinedRoom } from './hostile-server';
import { at, eventually, joinRoom, makeRoom, messagesOf, say, type Person } from './people';

type Handler = Parameters<HostileServer['answerWith']>[0];

const silent: Handler = () => undefined;

/** Two Trellis, and a hostile server that is in their room: it passes on what follows events which it has told one of them alone. */
describe('a gap that a hostile server has made', () => {
  let ca: PrivateCa;
  let victim: TestServer;
  let helper: TestServer;
  let hostile: HostileServer;
  let alice: Person;
  let bob: Person;
  let room: JoinedRoom;

  const startTrellis = async (): Promise<TestServer> => {
    const port = await freePort();
    const { certFile, keyFile } = ca.issue('localhost');
    return startTestServer({
      server_name: `localhost:${port}`,
      listeners: [{ port: 0 }, { bind: '127.0.0.1', port, tls: { cert: certFile, key: keyFile } }],
      federation: { ca_certificates: [ca.caFile], allow_private_networks: true },
    });
  };
  const person = async (server: TestServer, name: string): Promise<Person> => {
    const user = await server.registerUser(name);
    const api: Person['api'] = async (method, path, content) => {
      const prefix = path.startsWith('/_matrix') ? '' : '/_matrix/client/v3';
      const { status, body } = await user.api.request(method, prefix + path, { body: content });
      return { status, body };
    };
    return { userId: user.userId, api };
  };

  /** The victim lets nobody in before it has all members of a room that it was let into itself. */
  const enter = async (roomId: string, userId?: string): Promise<JoinedRoom> => {
    const { domain } = victim;
    await domain.timeline.imports.whole((await domain.roomState.info(roomId))!, 30_000);
    return hostile.join(roomId, userId);
  };

  beforeAll(async () => {
    ca = makePrivateCa();
    [victim, helper] = await Promise.all([startTrellis(), startTrellis()]);
    hostile = await HostileServer.start(ca, victim);
    hostile.others.set(helper.config.server_name, helper.url);
    alice = await person(helper, 'alice');
    bob = await person(victim, 'bob');
  });
  beforeEach(async () => {
    // However badly it has answered, it is asked again.
    await victim.domain.federation.destinations.succeeded(hostile.serverName);
    hostile.asked.length = 0;
    const roomId = await makeRoom(alice, { preset: 'public_chat', room_version: '11' });
    await joinRoom(bob, roomId, helper.config.server_name);
    room = await enter(roomId);
    // The helper has heard of the hostile server's join.
    await eventually(async () => {
      const { body } = await alice.api('GET', at(roomId, 'joined_members'));
      expect(Object.keys(body['joined'] as JsonObject)).toContain(hostile.userId);
    }, 30);
  });
  afterAll(async () => {
    await hostile.stop();
    await Promise.all([victim.stop(), helper.stop()]);
    ca.remove();
  });

  const message = (body: string, more: Parameters<HostileServer['event']>[1] = {}) =>
    hostile.event(room, { content: { msgtype: 'm.text', body }, ...more });
  /** Tells the helper alone of an event, and the victim of another that follows it. */
  const withhold = async (): Promise<void> => {
    const withheld = message('withheld');
    const { body } = await hostile.sendTo(helper.config.server_name, [withheld.pdu]);
    expect(body['pdus']).toEqual({ [withheld.eventId]: {} });
    const brought = message('brought', { prevEvents: [withheld.eventId], depth: withheld.pdu.depth + 1 });
    expect(await hostile.send(brought.pdu)).toEqual({ [brought.eventId]: {} });
  };
  const untilBobHas = (...texts: string[]) =>
    eventually(async () => expect(await messagesOf(bob, room.roomId)).toEqual(expect.arrayContaining(texts)), 60);

  it.each<[string, Handler]>([
    ['is silent', silent],
    ['has nothing', (_, response) => send(response, 200, { events: [] })],
    ['fails', (_, response) => send(response, 500, { errcode: 'M_UNKNOWN', error: 'no' })],
    ['answers drop by drop', (_, response) => trickle(response)],
  ])('row 36: is filled by another server when it %s', async (_, handler) => {
    hostile.answerWith(handler);
    await withhold();
    await untilBobHas('withheld', 'brought');
    expect(hostile.askedFor('get_missing_events')).toBeGreaterThan(0);
    await say(bob, room.roomId, 'goes on');
    await untilBobHas('goes on');
  });

  it('row 36: keeps neither the room waiting nor any other, while nobody else can fill it', async () => {
    hostile.answerWith(silent);
    const lost = message('never sent');
    const brought = message('brought in vain', { prevEvents: [lost.eventId], depth: lost.pdu.depth + 1 });
    await hostile.send(brought.pdu);
    await eventually(async () => expect(hostile.askedFor('get_missing_events')).toBeGreaterThan(0));
    await say(alice, room.roomId, 'meanwhile');
    const other = await makeRoom(alice, { preset: 'public_chat' });
    await joinRoom(bob, other, helper.config.server_name);
    await untilBobHas('meanwhile');
    expect(await messagesOf(bob, room.roomId)).not.toContain('brought in vain');
    hostile.answers({});
  });

  it('row 13: has the event in it that a time is nearest to, whatever a liar says who is asked first', async () => {
    const roomId = await makeRoom(alice, { preset: 'public_chat', room_version: '11' });
    const first = await say(alice, roomId, 'first words');
    await joinRoom(bob, roomId, helper.config.server_name);
    // Of the server with most members most is known.
    for (const name of ['one', 'two']) await enter(roomId, `@${name}:${hostile.serverName}`);
    const told = await alice.api('GET', at(roomId, `event/${encodeURIComponent(first)}`));
    const ts = told.body['origin_server_ts'] as number;
    hostile.answers({ timestamp_to_event: { event_id: room.join.eventId, origin_server_ts: ts } });
    const path = `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/timestamp_to_event`;
    // What comes late is there for a later request.
    await eventually(async () => {
      const found = await bob.api('GET', `${path}?ts=${ts}&dir=b`);
      expect(found).toEqual({ status: 200, body: { event_id: first, origin_server_ts: ts } });
    }, 30);
    expect(hostile.askedFor('timestamp_to_event')).toBeGreaterThan(0);
    const context = await bob.api('GET', at(roomId, `context/${encodeURIComponent(first)}?limit=4`));
    expect(context).toMatchObject({ status: 200, body: { event: { content: { body: 'first words' } } } });
    expect((context.body['events_before'] as JsonObject[]).length).toBeGreaterThan(0);
  });
});

function trickle(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 500);
  response.on('close', () => clearInterval(timer));
}
