/**
 * What other servers ask of this one: their transactions, joins, leaves, knocks, invites, queries. Owns the table
 * `federation_received`. Spec: server-server API.
 */
export { FederationInbound, type FederationInboundParts } from './federation-inbound.service';
export { IncompatibleRoomVersionError } from './federation-inbound.errors';
export type { IdentityServerKeys, Relay, RoomArrivals, ThirdPartyInviter } from './federation-inbound.ports';
export type { JoinAnswer } from './member-requests.service';
export type { OfferedEvent } from './offered-member.model';
export type { OfferedInvite } from './invites.service';
export type { TransactionAnswer } from './transactions.service';
