import type { JsonObject, JsonValue } from '#kernel/json';
import type { PublicRoomsPage, PublicRoomsQuery, ResolvedAlias } from '../directory';
import type { MissingEventSource } from '../timeline';

/** A template of another server, unchecked. */
export interface RemoteTemplate {
  /** Absent from servers that know the first room version only. */
  readonly roomVersion: string | undefined;
  readonly event: JsonValue;
}

export interface SendJoinOptions {
  /** Whether most members may be left out of the state. */
  readonly omitMembers: boolean;
  /** Calls the request off. The server may have let the user in all the same. */
  readonly signal?: AbortSignal;
}

/** The answer to send_join, unchecked. */
export interface RemoteJoinAnswer {
  readonly state: readonly JsonValue[];
  readonly authChain: readonly JsonValue[];
  /** The join as the resident server keeps it; undefined from old ones. */
  readonly event: JsonValue | undefined;
  /** Set when members were left out. */
  readonly serversInRoom: readonly string[] | undefined;
}

export interface SignedForServer {
  readonly roomId: string;
  readonly eventId: string;
  readonly pdu: JsonObject;
}

/** One transaction to a server. */
export interface OutgoingTransaction {
  readonly txnId: string;
  readonly pdus: readonly JsonObject[];
  readonly edus: readonly JsonObject[];
}

/**
 * What this server asks of others. Implemented over HTTP. Answers are unchecked beyond being JSON of the right kind, and
 * limited in size and time. Everything rejects with an UnreachableServerError, RemoteServerError or DeniedServerError.
 */
export interface RemoteServers extends MissingEventSource {
  makeJoin(server: string, roomId: string, userId: string, versions: readonly string[]): Promise<RemoteTemplate>;
  makeLeave(server: string, roomId: string, userId: string): Promise<RemoteTemplate>;
  makeKnock(server: string, roomId: string, userId: string, versions: readonly string[]): Promise<RemoteTemplate>;
  /** By the new operation, or where that is unknown by the old one. */
  sendJoin(server: string, join: SignedForServer, options: SendJoinOptions): Promise<RemoteJoinAnswer>;
  sendLeave(server: string, leave: SignedForServer): Promise<void>;
  /** The stripped state that it shows. */
  sendKnock(server: string, knock: SignedForServer): Promise<readonly JsonValue[]>;
  /** The invite as the invited server signed it. Old servers are asked by the old operation for room versions 1 and 2. */
  invite(
    server: string,
    invite: SignedForServer & { readonly roomVersion: string; readonly state: readonly JsonObject[] },
  ): Promise<JsonValue>;
  exchangeThirdPartyInvite(server: string, roomId: string, event: JsonObject): Promise<void>;
  resolveAlias(server: string, alias: string): Promise<ResolvedAlias>;
  /** Undefined when there is no such user. */
  profile(server: string, userId: string): Promise<JsonObject | undefined>;
  publicRooms(server: string, query: Omit<PublicRoomsQuery, 'server'>): Promise<PublicRoomsPage>;
  /** The policy server's signature, by server and key. */
  askPolicyServer(server: string, pdu: JsonObject): Promise<JsonObject>;
}
