import type { ConfigInput } from '#main/config/index';
import type { JsonObject } from '#kernel/json';
import { introduce, KnownPeer } from '../../support/known-peer';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';

/** A server with one user, and two other homeservers: one that joins rooms, and one that is in none. */
export interface ServersRig {
  readonly server: TestServer;
  readonly alice: TestUser;
  readonly peer: KnownPeer;
  readonly stranger: KnownPeer;
  stop(): Promise<void>;
}

export async function startServers(config?: ConfigInput): Promise<ServersRig> {
  const server = await startTestServer(config);
  const [peer, stranger] = [new KnownPeer(server, 'peer.example'), new KnownPeer(server, 'stranger.example')];
  introduce(server, peer, stranger);
  const alice = await server.registerUser('alice');
  return { server, alice, peer, stranger, stop: () => server.stop() };
}

/** The path of something in a room on the client-server API. */
export const inRoom = (roomId: string, rest: string): string =>
  `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${rest}`;

/** A public room of version 11, unless the options say otherwise; its id. */
export async function makeRoom({ api }: TestUser, options: JsonObject = {}): Promise<string> {
  const body = { preset: 'public_chat', room_version: '11', ...options };
  return (await api.call<{ room_id: string }>('POST', '/_matrix/client/v3/createRoom', { body })).room_id;
}

let said = 0;

export async function say({ api }: TestUser, roomId: string, text: string): Promise<string> {
  const body = { msgtype: 'm.text', body: text };
  const path = inRoom(roomId, `send/m.room.message/t${++said}`);
  return (await api.call<{ event_id: string }>('PUT', path, { body })).event_id;
}

export async function setState(
  { api }: TestUser,
  roomId: string,
  type: string,
  content: JsonObject,
  stateKey = '',
): Promise<string> {
  const path = inRoom(roomId, `state/${type}/${encodeURIComponent(stateKey)}`);
  return (await api.call<{ event_id: string }>('PUT', path, { body: content })).event_id;
}

/** What a room's server ACL says to shut a server out. */
export const denying = (serverName: string): JsonObject => ({ allow: ['*'], deny: [serverName] });

export const refusal = (status: number, errcode: string) => ({ status, body: expect.objectContaining({ errcode }) });
