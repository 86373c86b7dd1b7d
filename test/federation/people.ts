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

export async function joinRoom(person: Person, roomId: string, via: string): Promise<void> {
  const answer = await person.api('POST', `/join/${encodeURIComponent(roomId)}?via=${encodeURIComponent(via)}`, {});
  expect(answer).toEqual({ status: 200, body: { room_id: roomId } });
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
export async function eventually(check: () => Promise<void>, seconds = 15): Promise<void> {
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

export async function stateOf(person: Person, roomId: string, type: string, key = ''): Promise<JsonObject> {
  return (await person.api('GET', at(roomId, `state/${type}/${encodeURIComponent(key)}`))).body;
}

type SyncedRooms = Partial<Record<'join' | 'invite' | 'leave' | 'knock', JsonObject>>;

let synced = 0;
/** The rooms of a whole sync. Synapse answers the same request for a while from memory, so each is a little different. */
export async function syncOf(person: Person): Promise<SyncedRooms> {
  return ((await person.api('GET', `/sync?timeout=${++synced}`)).body['rooms'] ?? {}) as SyncedRooms;
}
