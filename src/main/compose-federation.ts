import type { PeopleDomain, RoomsDomain, ServersDomain } from '#domain/domain';
import { ForServers } from '#domain/event-views';
import { Federation } from '#domain/federation';
import { FederationInbound } from '#domain/federation-inbound';
import { FederationOutbound, type RemoteServers } from '#domain/federation-outbound';
import { FederationSender } from '#domain/federation-sender';
import { now } from '#kernel/time';
import { HttpOut } from '#platform/http-out/http-out';
import { FederationClient } from '#rest/outbound/federation-client';
import { identityServerKeys } from '#rest/outbound/identity-server-keys';
import { keySource } from '#rest/outbound/key-source';
import { remoteServers } from '#rest/outbound/remote-servers';
import { transactionCarrier } from '#rest/outbound/transaction-carrier';
import { certificatesIn } from './config/certificates';
import { federationConfig } from './config/slices';
import type { Machinery } from './machinery';

/** The ground that everything between servers stands on. */
export interface ComposedFederation {
  readonly federation: Federation;
  /** Calls other homeservers; for the ports of features that need one. */
  readonly client: FederationClient;
  /** Asks other servers for what is no operation of homeservers. */
  readonly http: HttpOut;
  /** Ends the connections to other servers. */
  stop(): Promise<void>;
}

/** @throws ConfigError when a file of `federation.ca_certificates` cannot be read */
export function composeFederation({ config, storage, signingKey, names }: Machinery): ComposedFederation {
  const http = new HttpOut(names, {
    allowPrivateNetworks: config.federation.allow_private_networks,
    caCertificates: certificatesIn(config.federation.ca_certificates, 'federation.ca_certificates'),
  });
  const federation = new Federation(federationConfig(config), { storage, signingKey, http, names, now });
  const client = new FederationClient(federation, http);
  federation.bind(keySource(client));
  return { federation, client, http, stop: () => http.close() };
}

interface Parts extends Pick<Machinery, 'config' | 'storage' | 'signingKey'> {
  readonly onError: (error: unknown) => void;
}

/** What passes between this server and others; binds the ports that people and rooms have for it. */
export function composeServers(
  { config, storage, signingKey, onError }: Parts,
  people: PeopleDomain,
  rooms: RoomsDomain,
  { federation, client, http }: ComposedFederation,
): ServersDomain {
  const { serverName, eventSignatures: verifier } = federation;
  const { roomState, timeline, membership, directory } = rooms;
  const { ingest: incoming, imports, templates } = timeline;
  const reading = new ForServers({ serverName, rooms: roomState, timeline, membership });
  const remote = remoteServers(client);
  const shared = {
    ...people,
    ...rooms,
    serverName,
    storage,
    signingKey,
    incoming,
    imports,
    templates,
    reading,
    verifier,
    now,
    onError,
  };
  const federationOutbound = new FederationOutbound({ ...shared, remote, destinations: federation.destinations });
  const carrier = transactionCarrier(client, federation);
  const federationSender = new FederationSender({ ...shared, federation, carrier });
  const { relay } = federationSender;
  const { invites: inviter, arrivals } = federationOutbound;
  const identityServers = identityServerKeys(http);
  const federationInbound = new FederationInbound({ ...shared, relay, arrivals, inviter, identityServers });
  bindTimeline(rooms, federation, remote, federationOutbound, onError);
  if (config.federation.enabled) {
    membership.bind({ remote: federationOutbound.rooms });
    directory.bind(federationOutbound.lookups);
    people.profiles.bind({ remote: federationOutbound.lookups });
  }
  return { federation, federationOutbound, federationInbound, federationSender };
}

function bindTimeline(
  { timeline, membership }: RoomsDomain,
  { eventSignatures: verifier }: Federation,
  source: RemoteServers,
  { policies: policy, asked }: FederationOutbound,
  onError: (error: unknown) => void,
): void {
  const servers = {
    isResident: async (room: { readonly nid: number }) => (await membership.joinedLocalUsers(room)).size > 0,
    localMembers: async (room: { readonly nid: number }, limit: number) =>
      [...(await membership.joinedLocalUsers(room))].slice(0, limit),
    serversToAsk: (...question: Parameters<typeof asked.ofRoom>) => asked.ofRoom(...question),
  };
  timeline.bindElsewhere({ verifier, source, servers, policy }, onError);
}
