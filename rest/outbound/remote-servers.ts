import type { DirectoryEntry } from '#domain/directory';
import { RemoteServerError } from '#domain/federation';
import type { RemoteServers, SignedForServer } from '#domain/federation-outbound';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { Turns } from '#kernel/turns';
import type { PublicRoomsChunk } from '../generated/client-server/definitions';
import { call, type Transport } from '../runtime/transport';
import type { FederationClient } from './federation-client';

/** Rooms of one answer that are passed on to a client. */
const MAX_ROOMS = 1_000;

/** Asks other homeservers over HTTP. What they answer is brought into shape here, and judged by who asked for it. */
export function remoteServers(client: FederationClient): RemoteServers {
  return { ...eventReads(client), ...stateReads(client), ...handshakes(client), ...lookups(client) };
}

/** What users wait for; what else follows from it goes to a server that has answered. */
const URGENT = { urgent: true } as const;

type Body = { body: never };

const eventReads = (client: FederationClient) =>
  ({
    async getMissingEvents(server, roomId, { earliest, latest, limit, minDepth }, signal) {
      const body = { earliest_events: [...earliest], latest_events: [...latest], limit, min_depth: minDepth };
      const to = client.to(server, { signal });
      return list((await to.getMissingPreviousEvents({ path: { roomId }, body })).events);
    },
    async event(server, eventId, signal) {
      const answer = await unlessAbsent(client.to(server, { signal }).getEvent({ path: { eventId } }));
      return list(answer?.pdus)[0];
    },
    async backfill(server, roomId, eventIds, limit, signal) {
      const query = { v: [...eventIds], limit };
      return list((await client.to(server, { signal }).backfillRoom({ path: { roomId }, query })).pdus);
    },
    async nearestTo(server, roomId, { ts, direction: dir }, signal) {
      const to = client.to(server, { signal, urgent: true });
      const answer = await unlessAbsent(to.getEventByTimestamp({ path: { roomId }, query: { ts, dir } }));
      const { event_id: eventId, origin_server_ts: originServerTs } = answer ?? {};
      return typeof eventId === 'string' && Number.isSafeInteger(originServerTs)
        ? { eventId, originServerTs: originServerTs as number }
        : undefined;
    },
  }) satisfies Partial<RemoteServers>;

/** Answers as large as rooms, one at a time from each server: one that makes us ask for many fills the memory with one. */
const stateReads = (client: FederationClient) => {
  const turns = new Turns();
  return {
    stateIds: (server, roomId, eventId, signal) =>
      turns.run(server, async () => {
        const query = { event_id: eventId };
        const answer = await client.to(server, { signal }).getRoomStateIds({ path: { roomId }, query });
        return { stateIds: texts(answer.pdu_ids), authChainIds: texts(answer.auth_chain_ids) };
      }),
    state: (server, roomId, eventId, signal) =>
      turns.run(server, async () => {
        const query = { event_id: eventId };
        const answer = await client.to(server, { signal }).getRoomState({ path: { roomId }, query });
        return { state: list(answer.pdus), authChain: list(answer.auth_chain) };
      }),
    eventAuth: (server, roomId, eventId, signal) =>
      turns.run(server, async () =>
        list((await client.to(server, { signal }).getEventAuth({ path: { roomId, eventId } })).auth_chain),
      ),
  } satisfies Partial<RemoteServers>;
};

const handshakes = (client: FederationClient) =>
  ({
    async makeJoin(server, roomId, userId, versions) {
      const query = { ver: [...versions] };
      return template(server, await client.to(server, URGENT).makeJoin({ path: { roomId, userId }, query }));
    },
    async makeLeave(server, roomId, userId) {
      return template(server, await client.to(server, URGENT).makeLeave({ path: { roomId, userId } }));
    },
    async makeKnock(server, roomId, userId, versions) {
      const query = { ver: [...versions] };
      return template(server, await client.to(server, URGENT).makeKnock({ path: { roomId, userId }, query }));
    },
    async sendJoin(server, join, { omitMembers, signal }) {
      const input = { path: pathOf(join), body: join.pdu as never, query: omitMembers ? { omit_members: true } : {} };
      const answer = await presentOrOld(
        () => client.to(server, { signal }).sendJoinV2(input),
        () => old(client.transport(server, { signal }), 'send_join', join),
      );
      const {
        state,
        auth_chain: authChain,
        event,
        members_omitted: omitted,
        servers_in_room: servers,
      } = object(server, answer);
      const isPartial = omitMembers && omitted === true;
      return {
        state: list(state),
        authChain: list(authChain),
        event,
        serversInRoom: isPartial ? [...new Set(texts(servers))] : undefined,
      };
    },
    async sendLeave(server, leave) {
      await presentOrOld(
        () => client.to(server).sendLeaveV2({ path: pathOf(leave), body: leave.pdu as never }),
        () => old(client.transport(server), 'send_leave', leave),
      );
    },
    async sendKnock(server, knock) {
      const answer = await client.to(server).sendKnock({ path: pathOf(knock), body: knock.pdu as never });
      return list(answer.knock_room_state);
    },
    async invite(server, { roomVersion, state, ...invite }) {
      const body = { room_version: roomVersion, event: invite.pdu, invite_room_state: [...state] };
      const path = pathOf(invite);
      const present = () => client.to(server, URGENT).sendInviteV2({ path, body: body as never });
      const isOld = roomVersion === '1' || roomVersion === '2';
      const unsigned = { invite_room_state: [...state] };
      const answer = isOld
        ? await presentOrOld(present, () => old(client.transport(server), 'invite', invite, { unsigned }), isRefused)
        : await present();
      return object(server, answer)['event'] ?? null;
    },
    async exchangeThirdPartyInvite(server, roomId, event) {
      await client.to(server).exchangeThirdPartyInvite({ path: { roomId }, ...({ body: event } as Body) });
    },
  }) satisfies Partial<RemoteServers>;

const lookups = (client: FederationClient) =>
  ({
    async resolveAlias(server, alias) {
      const answer = await client.to(server, URGENT).queryRoomDirectory({ query: { room_alias: alias } });
      return { roomId: String(answer.room_id), servers: texts(answer.servers) };
    },
    async profile(server, userId) {
      const answer = await unlessAbsent(client.to(server).queryProfile({ query: { user_id: userId } }));
      return answer === undefined ? undefined : object(server, answer);
    },
    async publicRooms(server, { limit, since, search, roomTypes }) {
      const filter = {
        ...(search !== undefined && { generic_search_term: search }),
        ...(roomTypes !== undefined && { room_types: [...roomTypes] }),
      };
      // Without a limit some give all, and what is beyond ours could never be had.
      const page = { limit: Math.min(limit ?? MAX_ROOMS, MAX_ROOMS), ...(since !== undefined && { since }) };
      const to = client.to(server, URGENT);
      const answer =
        Object.keys(filter).length === 0
          ? await to.getPublicRooms({ query: page })
          : await to.queryPublicRooms({ body: { ...page, filter } });
      const { next_batch: nextBatch, prev_batch: prevBatch, total_room_count_estimate: total } = answer;
      return {
        entries: list(answer.chunk).slice(0, MAX_ROOMS).flatMap(directoryEntry),
        total: typeof total === 'number' ? total : 0,
        ...(typeof nextBatch === 'string' && { nextBatch }),
        ...(typeof prevBatch === 'string' && { prevBatch }),
      };
    },
    async askPolicyServer(server, pdu) {
      return object(server, await client.to(server).askPolicyServerToSign({ body: pdu }));
    },
  }) satisfies Partial<RemoteServers>;

const pathOf = ({ roomId, eventId }: SignedForServer) => ({ roomId, eventId });

/** Undefined for what the server does not have. */
async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RemoteServerError && error.status === 404) return undefined;
    throw error;
  }
}

/** Operations that answer `[200, {…}]` and have successors. */
const OLD_OPERATIONS = { send_join: 'sendJoinV2', send_leave: 'sendLeaveV2', invite: 'sendInviteV2' } as const;

/** Asks by the version before the present one, which takes the bare event. */
async function old(
  transport: Transport,
  operation: keyof typeof OLD_OPERATIONS,
  signed: SignedForServer,
  more: JsonObject = {},
): Promise<unknown> {
  // Of the same cost as its successor.
  const id = `server-server/${OLD_OPERATIONS[operation]}`;
  const facts = { id, method: 'PUT', path: `/_matrix/federation/v1/${operation}/{roomId}/{eventId}` };
  const answer = await call<JsonValue>(transport, facts, { path: pathOf(signed), body: { ...signed.pdu, ...more } });
  return Array.isArray(answer) ? answer[1] : answer;
}

/**
 * Asks by the present operation, and a server that seems not to have it by the one before. When it has neither, what it
 * said to the present one counts.
 */
async function presentOrOld(
  present: () => Promise<unknown>,
  before: () => Promise<unknown>,
  seemsOld: (error: unknown) => boolean = isUnknownOperation,
): Promise<unknown> {
  try {
    return await present();
  } catch (error) {
    if (!seemsOld(error)) throw error;
    return before().catch((second: unknown) => {
      throw isUnknownOperation(second) ? error : second;
    });
  }
}

/** Servers say M_UNRECOGNIZED, very old ones with status 400; what is no Matrix server knows no codes. */
function isUnknownOperation(error: unknown): boolean {
  if (!(error instanceof RemoteServerError) || error.status >= 500) return false;
  const { remoteCode, status } = error;
  return remoteCode === 'M_UNRECOGNIZED' || (remoteCode === 'M_UNKNOWN' && (status === 404 || status === 405));
}

/** Spec: server-server, `PUT /_matrix/federation/v2/invite`: which answers say that the server may be older. */
function isRefused(error: unknown): boolean {
  return isUnknownOperation(error) || (error instanceof RemoteServerError && [400, 404].includes(error.status));
}

function template(server: string, answer: unknown) {
  const { event, room_version: roomVersion } = object(server, answer);
  if (!isJsonObject(event)) throw unusable(server, 'the answer holds no template');
  return { event, roomVersion: typeof roomVersion === 'string' ? roomVersion : undefined };
}

function directoryEntry(value: JsonValue): DirectoryEntry[] {
  if (!isJsonObject(value) || typeof value['room_id'] !== 'string') return [];
  const chunk = value as unknown as PublicRoomsChunk;
  const text = (member: unknown): string | null => (typeof member === 'string' ? member : null);
  const entry = {
    roomNid: 0,
    roomId: chunk.room_id,
    joinedMembers: Number.isSafeInteger(chunk.num_joined_members) ? chunk.num_joined_members : 0,
    name: text(chunk.name),
    topic: text(chunk.topic),
    avatarUrl: text(chunk.avatar_url),
    canonicalAlias: text(chunk.canonical_alias),
    joinRule: text(chunk.join_rule),
    roomType: text(chunk.room_type),
    worldReadable: chunk.world_readable === true,
    guestCanJoin: chunk.guest_can_join === true,
  };
  return [entry];
}

function object(server: string, value: unknown): JsonObject {
  if (!isJsonObject(value)) throw unusable(server, 'the answer is not an object');
  return value;
}

function list(value: unknown): JsonValue[] {
  return Array.isArray(value) ? (value as JsonValue[]) : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((entry) => typeof entry === 'string');
}

/** Not the fault of whoever has us ask. */
function unusable(server: string, reason: string): RemoteServerError {
  return new RemoteServerError(server, 200, 'M_BAD_JSON', reason);
}
