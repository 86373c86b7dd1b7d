import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { JsonObject } from '#kernel/json';
import type { FederatedServer } from '../support/federation';
import type { SynapseServer } from '../support/synapse';

type Answer = { status: number; body: JsonObject };

/** Somebody with an account on one of the servers. */
export interface Person {
  readonly userId: string;
  /** A client-server request, below `/_matrix/client/v3`. */
  api(method: string, path: string, body?: JsonObject): Promise<Answer>;
}

export async function register(server: FederatedServer, username: string): Promise<Person> {
  const body = { username, password: `password of ${username}`, auth: { type: 'm.login.dummy' } };
  const made = await server.request('POST', '/_matrix/client/v3/register', body);
  expect(made.status).toBe(200);
  const authorization = `Bearer ${made.body['access_token'] as string}`;
  return {
    userId: made.body['user_id'] as string,
    api: (method, path, content) => server.request(method, `/_matrix/client/v3${path}`, content, { authorization }),
  };
}

export async function makeRoom(person: Person, request: JsonObject): Promise<string> {
  const { status, body } = await person.api('POST', '/createRoom', request);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body['room_id'] as string;
}

/** What joining a room by way of a server is answered. Old servers know `via` by another name. */
export function tryJoin(person: Person, room: string, via: string): Promise<Answer> {
  const server = encodeURIComponent(via);
  return person.api('POST', `/join/${encodeURIComponent(room)}?via=${server}&server_name=${server}`, {});
}

export async function joinRoom(person: Person, roomId: string, via: string): Promise<void> {
  expect(await tryJoin(person, roomId, via)).toEqual({ status: 200, body: { room_id: roomId } });
}

let said = 0;
export async function say(person: Person, roomId: string, text: string): Promise<string> {
  const path = `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/t${++said}`;
  const answer = await person.api('PUT', path, { msgtype: 'm.text', body: text });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body['event_id'] as string;
}

/** The texts of a room's messages, newest first. */
export async function messagesOf(person: Person, roomId: string): Promise<string[]> {
  const { body } = await person.api('GET', `/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=100`);
  const chunk = (body['chunk'] ?? []) as { type: string; content: { body?: string } }[];
  return chunk.filter((event) => event.type === 'm.room.message').map((event) => event.content.body ?? '');
}

/** Tries again until it holds; federation takes its time. */
export async function eventually(check: () => Promise<void>, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(100);
    }
  }
}

/** An account on a Synapse. */
export async function registerOnSynapse(server: SynapseServer, localpart: string): Promise<Person> {
  const { userId, accessToken } = await server.register(localpart);
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  return {
    userId,
    api: async (method, path, content) => {
      const body = content === undefined ? {} : { body: JSON.stringify(content) };
      const answer = await fetch(`${server.clientUrl}/_matrix/client/v3${path}`, { method, headers, ...body });
      return { status: answer.status, body: (await answer.json()) as JsonObject };
    },
  };
}

/** A path below a room. */
export function at(roomId: string, path: string): string {
  return `/rooms/${encodeURIComponent(roomId)}/${path}`;
}

export async function setState(person: Person, roomId: string, type: string, content: JsonObject, key = '') {
  const path = at(roomId, `state/${type}/${encodeURIComponent(key)}`);
  expect(await person.api('PUT', path, content)).toMatchObject({ status: 200 });
}

export async function stateOf(person: Person, roomId: string, type: string, key = ''): Promise<JsonObject> {
  return (await person.api('GET', at(roomId, `state/${type}/${encodeURIComponent(key)}`))).body;
}

type SyncedRooms = Partial<Record<'join' | 'invite' | 'leave' | 'knock', JsonObject>>;

let synced = 0;
/** The rooms of a whole sync. Synapse answers the same request for a while from memory, so each is a little different. */
export async function syncOf(person: Person): Promise<SyncedRooms> {
  return ((await person.api('GET', `/sync?timeout=${++synced}`)).body['rooms'] ?? {}) as SyncedRooms;
}

/** What somebody is in a room, as somebody sees it. */
export async function membershipOf(reader: Person, roomId: string, who: Person) {
  return (await stateOf(reader, roomId, 'm.room.member', who.userId))['membership'];
}

/** Waits until a member event has come to somebody. */
export const untilMember = (reader: Person, roomId: string, who: Person, membership: string) =>
  eventually(async () => expect(await membershipOf(reader, roomId, who)).toBe(membership));

/** Waits until somebody's server has let them out of a room. (Synapse's sync is without rooms that it still fetches.) */
export const untilOut = (person: Person, roomId: string) =>
  eventually(async () => {
    const { body } = await person.api('GET', '/joined_rooms');
    expect(body['joined_rooms']).not.toContain(roomId);
  });

/** Waits until somebody's sync has an invite; its stripped state. */
export async function untilInvited(person: Person, roomId: string): Promise<JsonObject[]> {
  let invite: JsonObject | undefined;
  await eventually(async () => {
    invite = (await syncOf(person)).invite?.[roomId] as JsonObject | undefined;
    expect(invite).toBeDefined();
  });
  return (invite!['invite_state'] as { events: JsonObject[] }).events;
}

/** The whole state of a room as event ids, the same on servers that agree. */
export async function stateIds(person: Person, roomId: string): Promise<string[]> {
  const { status, body } = await person.api('GET', at(roomId, 'state'));
  expect(status).toBe(200);
  return (body as unknown as { event_id: string }[]).map((event) => event.event_id).sort();
}

/** Waits until all have the same state of a room, event by event. */
export const untilAgreed = (roomId: string, first: Person, ...others: readonly Person[]) =>
  eventually(async () => {
    const state = await stateIds(first, roomId);
    for (const other of others) expect(await stateIds(other, roomId)).toEqual(state);
  }, 60);
