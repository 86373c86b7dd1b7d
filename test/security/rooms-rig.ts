import type { JsonObject } from '#kernel/json';
import type { TestUser } from '../support/server';

const CLIENT = '/_matrix/client/v3';
let count = 0;

/** The path of a room's operation. */
export const roomPath = (roomId: string, rest = '') => `${CLIENT}/rooms/${encodeURIComponent(roomId)}${rest}`;

export async function createRoom(by: TestUser, body: JsonObject = {}): Promise<string> {
  const made = await by.api.call<{ room_id: string }>('POST', `${CLIENT}/createRoom`, { body });
  return made.room_id;
}

/** Sends an event and gives its id. */
export async function send(by: TestUser, roomId: string, content: JsonObject, type = 'm.room.message') {
  const path = roomPath(roomId, `/send/${type}/security${++count}`);
  return (await by.api.call<{ event_id: string }>('PUT', path, { body: content })).event_id;
}

export const say = (by: TestUser, roomId: string, body: string) => send(by, roomId, { msgtype: 'm.text', body });

/** Sets state and gives the event's id. */
export async function setState(by: TestUser, roomId: string, type: string, content: JsonObject, key = '') {
  const path = roomPath(roomId, `/state/${type}/${encodeURIComponent(key)}`);
  return (await by.api.call<{ event_id: string }>('PUT', path, { body: content })).event_id;
}

export const join = (by: TestUser, roomId: string) =>
  by.api.call('POST', `${CLIENT}/join/${encodeURIComponent(roomId)}`, { body: {} });

/** Invites, kicks, bans, leaves: `what` as in the path. */
export const act = (by: TestUser, roomId: string, what: string, body: JsonObject = {}) =>
  by.api.call('POST', roomPath(roomId, `/${what}`), { body });

export async function redact(by: TestUser, roomId: string, eventId: string): Promise<string> {
  const path = roomPath(roomId, `/redact/${encodeURIComponent(eventId)}/security${++count}`);
  return (await by.api.call<{ event_id: string }>('PUT', path, { body: {} })).event_id;
}

/** Status and errcode of a refusal. */
export const refusal = ({ status, body }: { status: number; body: JsonObject }) => [status, body['errcode']];
