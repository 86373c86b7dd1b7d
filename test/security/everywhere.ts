import { Api } from '../support/api';
import type { TestServer, TestUser } from '../support/server';
import { CLIENT_PATH, graphql } from '../graphql/client';

/** Every way of reading a room and its events: what came back, as text, by the name of the way. */
export type Readings = ReadonlyMap<string, string>;

const CLIENT = '/_matrix/client/v3';
const INCLUDE_ALL = {
  room: { include_leave: true, timeline: { limit: 100 }, state: { lazy_load_members: false } },
};

const GRAPHQL = `query ($roomId: RoomId!) { room(roomId: $roomId) {
  name topic canonicalAlias joinedMemberCount
  members(first: 50) { edges { node { user { userId displayName } membership eventId } } }
  state { eventId type content unsigned sender }
  timeline(last: 100) { edges { node { eventId type content unsigned sender } } }
} }`;

/**
 * Asks every reader of the client-server API, the deprecated ones too, and GraphQL for a room.
 * @param events ids to ask for one by one
 * @param since tokens of earlier syncs to go on from
 */
export async function readEverywhere(
  server: TestServer,
  reader: TestUser,
  roomId: string,
  events: readonly string[],
  since: readonly string[] = [],
): Promise<Readings> {
  const api = new Api(server.url, reader.token);
  const room = `${CLIENT}/rooms/${encodeURIComponent(roomId)}`;
  const old = (path: string) => path.replace('/v3/', '/r0/');
  const only = { room: { ...INCLUDE_ALL.room, rooms: [roomId] } };
  const paths: string[] = [
    ...both(`${room}/messages?limit=100`),
    `${room}/messages?dir=b&limit=100&filter=${json({ rooms: [roomId], lazy_load_members: true })}`,
    old(`${room}/messages?dir=b&limit=100`),
    `${room}/state`,
    ...['m.room.name', 'm.room.topic', 'm.room.member', 'm.room.canonical_alias'].flatMap((type) => [
      `${room}/state/${type}`,
      `${room}/state/${type}?format=event`,
    ]),
    `${room}/state/m.room.member/${encodeURIComponent(reader.userId)}?format=event`,
    `${room}/members`,
    `${room}/members?not_membership=leave`,
    `${room}/joined_members`,
    `${room}/initialSync?limit=100`,
    `${room}/aliases`,
    `${CLIENT}/initialSync?limit=100&archived=true`,
    `${CLIENT}/events?room_id=${encodeURIComponent(roomId)}&timeout=0`,
    `${CLIENT}/publicRooms?limit=100`,
    `${CLIENT}/sync`,
    `${CLIENT}/sync?full_state=true&filter=${json(INCLUDE_ALL)}`,
    `${CLIENT}/sync?filter=${json(only)}`,
    `${CLIENT}/sync?use_state_after=true&filter=${json(only)}`,
    `${CLIENT}/sync?filter=${json({ ...only, event_fields: ['content', 'unsigned', 'origin_server_ts'] })}`,
    `${CLIENT}/sync?filter=${json({ ...only, event_format: 'federation' })}`,
    old(`${CLIENT}/sync?filter=${json(only)}`),
    ...since.flatMap((token) => [
      `${CLIENT}/sync?timeout=0&since=${token}&filter=${json(only)}`,
      `${CLIENT}/events?from=${token}&timeout=0`,
      `${room}/messages?dir=f&from=${token}&limit=100`,
      `${room}/members?at=${token}`,
    ]),
    ...events.flatMap((id) => {
      const event = encodeURIComponent(id);
      return [
        `${room}/event/${event}`,
        `${room}/context/${event}?limit=100`,
        `${CLIENT}/events/${event}`,
        `${room.replace('/v3/', '/v1/')}/relations/${event}`,
      ];
    }),
    `${room.replace('/v3/', '/v1/')}/threads`,
    `${room.replace('/v3/', '/v1/')}/hierarchy`,
    `${room.replace('/v3/', '/v1/')}/timestamp_to_event?ts=0&dir=f`,
  ];
  const readings = new Map<string, string>();
  for (const path of paths) {
    const { status, body } = await api.get<unknown>(path);
    if (status >= 500) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    readings.set(path, JSON.stringify(body));
  }
  readings.set('search', JSON.stringify((await api.post(`${CLIENT}/search`, searchFor('SECRET'))).body));
  const answer = await graphql(server.url + CLIENT_PATH, reader.token, GRAPHQL, { roomId });
  readings.set('GraphQL', JSON.stringify(answer));
  return readings;
}

/** Which of `secrets` each way shows; ways that show none are left out. */
export function shown(readings: Readings, secrets: readonly string[]): Record<string, string[]> {
  const found = [...readings].map(([way, text]) => [way, secrets.filter((secret) => text.includes(secret))] as const);
  return Object.fromEntries(found.filter(([, secret]) => secret.length > 0));
}

const both = (path: string) => [`${path}&dir=b`, `${path}&dir=f`];
const json = (value: object) => encodeURIComponent(JSON.stringify(value));
const searchFor = (text: string) => ({ search_categories: { room_events: { search_term: text } } });
