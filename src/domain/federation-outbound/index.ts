/**
 * What this server does by way of others: joining, inviting, looking up. Owns no tables.
 * Spec: server-server API, from the asking side.
 */
export { FederationOutbound, type FederationOutboundParts } from './federation-outbound.service';
export type {
  OutgoingTransaction,
  RemoteJoinAnswer,
  RemoteServers,
  RemoteTemplate,
  SendJoinOptions,
  SignedForServer,
} from './federation-outbound.ports';
