import type { ConfigInput } from '#main/config/index';
import type { JsonObject } from '#kernel/json';
import { makePrivateCa, type PrivateCa } from '../support/private-ca';
import { startTestServer, type TestServer } from '../support/server';
import { HostileServer, path, type Answer, type Forgery, type JoinedRoom } from './hostile-server';
import { at, makeRoom, say, type Person } from './people';

/** A server with a user, and a hostile one that is in a room with her. */
export interface HostileScene {
  readonly ca: PrivateCa;
  readonly victim: TestServer;
  readonly hostile: HostileServer;
  readonly alice: Person;
  /** Of version 11, public. */
  readonly roomId: string;
  readonly room: JoinedRoom;
  person(name: string): Promise<Person>;
  /** Another room that the hostile server has joined. */
  anotherRoom(options?: JsonObject): Promise<JoinedRoom>;
  /** An event of the room, honest but for what the forgery says. */
  forge(forgery?: Forgery): ReturnType<HostileServer['event']>;
  /** A message that says this, honest but for what the forgery says. */
  message(body: string, forgery?: Forgery): ReturnType<HostileServer['event']>;
  /** Has the hostile server put an event of one of the operations that take one. */
  offer(operation: string, roomId: string, eventId: string, body: JsonObject): Promise<Answer>;
  texts(): Promise<string[]>;
  /** The id of the event that now holds a key of a room's state. */
  stateId(roomId: string, type: string, stateKey?: string): Promise<string>;
  /** The room's newest events, which the next one would follow. */
  ends(roomId: string): Promise<string[]>;
  /** What the victim has logged of this. */
  logged(text: string): string[];
  /** The room goes on: what alice says is there. */
  isAlive(): Promise<void>;
  stop(): Promise<void>;
}

let alive = 0;

export async function startHostileScene(config: ConfigInput = {}): Promise<HostileScene> {
  const ca = makePrivateCa();
  const federation = { ca_certificates: [ca.caFile], allow_private_networks: true, ...config.federation };
  const log: string[] = [];
  const victim = await startTestServer({ server_name: 'victim.example', ...config, federation }, (line) =>
    log.push(line),
  );
  const hostile = await HostileServer.start(ca, victim);
  const person = async (name: string): Promise<Person> => {
    const { userId, api } = await victim.registerUser(name);
    return { userId, api: (method, at, body) => api.request(method, `/_matrix/client/v3${at}`, { body }) };
  };
  const alice = await person('alice');
  const anotherRoom = async (options: JsonObject = {}) =>
    hostile.join(await makeRoom(alice, { preset: 'public_chat', room_version: '11', ...options }));
  const room = await anotherRoom();
  const { roomId } = room;
  const forge = (forgery?: Forgery) => hostile.event(room, forgery);
  /** What is said in the room, newest first. */
  const texts = async (): Promise<string[]> => {
    const { status, body } = await alice.api('GET', at(roomId, 'messages?dir=b&limit=1000'));
    expect({ status, body }).toMatchObject({ status: 200 });
    return (body['chunk'] as { content: JsonObject }[]).flatMap(({ content }) => (content['body'] as string) ?? []);
  };
  return {
    ca,
    victim,
    hostile,
    alice,
    roomId,
    room,
    person,
    anotherRoom,
    forge,
    message: (body, forgery = {}) => forge({ content: { msgtype: 'm.text', body }, ...forgery }),
    offer: (operation, where, eventId, body) => hostile.put(path(operation, where, eventId), body),
    texts,
    stateId: async (where, type, stateKey = '') => {
      const { roomState, timeline } = victim.domain;
      return (await timeline.currentState((await roomState.info(where))!, type, stateKey))!.eventId;
    },
    ends: async (where) => {
      const made = await hostile.get(`${path('v1/make_join', where, hostile.userId)}?ver=11&ver=12`);
      return (made.body['event'] as { prev_events: string[] }).prev_events;
    },
    logged: (text) => log.filter((line) => line.includes(text)),
    isAlive: async () => {
      const text = `alive ${++alive}`;
      await say(alice, roomId, text);
      expect(await texts()).toContain(text);
    },
    stop: async () => {
      await hostile.stop();
      await victim.stop();
      ca.remove();
      // Whatever is sent is somebody's mistake or malice, and none of it a fault of ours.
      expect(log.filter((line) => line.includes('A request failed'))).toEqual([]);
    },
  };
}

/** What a refusal looks like. */
export const refused = (status: number, errcode: string) => ({ status, body: expect.objectContaining({ errcode }) });
