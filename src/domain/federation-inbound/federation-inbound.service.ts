import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import type { Accounts } from '../accounts';
import type { Directory } from '../directory';
import type { FederationReading } from '../event-views';
import type { Membership } from '../membership';
import type { Presence } from '../presence';
import type { Profiles } from '../profiles';
import type { Receipts } from '../receipts';
import type { RoomState } from '../room-state';
import type { EventTemplates, EventVerifier, IncomingEvents, Timeline } from '../timeline';
import type { Typing } from '../typing';
import { Dismissals } from './dismissals.service';
import { Ephemerals } from './ephemerals.service';
import type { IdentityServerKeys, Relay, RoomArrivals, ThirdPartyInviter } from './federation-inbound.ports';
import { Invites } from './invites.service';
import { MemberRequests } from './member-requests.service';
import { Queries } from './queries.service';
import { ThirdPartyInvites } from './third-party-invites.service';
import { Transactions } from './transactions.service';

export interface FederationInboundParts {
  readonly serverName: string;
  readonly storage: Storage;
  readonly accounts: Accounts;
  readonly profiles: Profiles;
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly membership: Membership;
  readonly directory: Directory;
  readonly receipts: Receipts;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly reading: FederationReading;
  readonly incoming: IncomingEvents;
  readonly templates: EventTemplates;
  readonly verifier: EventVerifier;
  readonly relay: Relay;
  readonly arrivals: RoomArrivals;
  readonly inviter: ThirdPartyInviter;
  readonly identityServers: IdentityServerKeys;
  readonly now: Clock;
  readonly onError: (error: unknown) => void;
}

/** What other servers ask of this one. */
export class FederationInbound {
  readonly transactions: Transactions;
  readonly members: MemberRequests;
  readonly invites: Invites;
  readonly thirdParty: ThirdPartyInvites;
  readonly queries: Queries;
  /** Rooms' events and states for servers that are in them. */
  readonly reading: FederationReading;

  constructor(parts: FederationInboundParts) {
    const { roomState, membership, timeline } = parts;
    const acls = timeline.graph;
    const ephemerals = new Ephemerals({ ...parts, rooms: roomState, acls });
    this.reading = parts.reading;
    const { outOfBand } = membership;
    const dismissals = new Dismissals({ ...parts, rooms: roomState, outOfBand });
    this.transactions = new Transactions({ ...parts, rooms: roomState, acls, dismissals, ephemerals });
    this.members = new MemberRequests({ ...parts, partialStates: timeline.partialStates });
    this.invites = new Invites({ ...parts, outOfBand });
    this.thirdParty = new ThirdPartyInvites({ ...parts, rooms: roomState });
    this.queries = new Queries(parts);
  }

  start(): void {
    this.transactions.start();
  }

  /** Resolves when nothing of another server is half done. */
  stop(): Promise<void> {
    return this.transactions.stop();
  }
}
