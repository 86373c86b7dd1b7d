import type { Clock } from '#kernel/time';
import type { SigningKey } from '#protocol/signing/index';
import type { Federation } from '../federation';
import type { Membership, RemoteRooms } from '../membership';
import type { RoomState } from '../room-state';
import type { EventTemplates, EventVerifier, IncomingEvents, RoomImporting, Timeline } from '../timeline';
import { Arrivals } from './arrivals.model';
import { AskedServers } from './asked-servers.service';
import type { RemoteServers } from './federation-outbound.ports';
import { RemoteEntries } from './remote-entry.service';
import { RemoteInvites } from './remote-invites.service';
import { RemoteLookups } from './remote-lookups.service';
import { RoomPolicies } from './room-policy.service';
import { StateCompletionJob } from './state-completion.job';

export interface FederationOutboundParts {
  readonly serverName: string;
  readonly signingKey: SigningKey;
  readonly remote: RemoteServers;
  readonly destinations: Pick<Federation['destinations'], 'failing'>;
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly membership: Membership;
  readonly incoming: IncomingEvents;
  readonly imports: RoomImporting;
  readonly templates: EventTemplates;
  readonly verifier: EventVerifier;
  readonly now: Clock;
  readonly onError: (error: unknown) => void;
}

/** What this server does by way of others. Its parts are bound to the ports of membership, directory and profiles. */
export class FederationOutbound {
  readonly rooms: RemoteRooms;
  readonly invites: RemoteInvites;
  readonly lookups: RemoteLookups;
  readonly policies: RoomPolicies;
  readonly asked: AskedServers;
  /** Rooms that users of ours are entering. */
  readonly arrivals = new Arrivals();
  private readonly completion: StateCompletionJob;

  constructor(parts: FederationOutboundParts) {
    const { roomState: rooms, remote, imports, onError } = parts;
    this.completion = new StateCompletionJob(imports, remote, onError);
    this.asked = new AskedServers(parts);
    const { asked, arrivals } = this;
    const entries = new RemoteEntries({ ...parts, rooms, asked, arrivals, onPartial: () => this.completion.wake() });
    this.policies = new RoomPolicies(parts);
    this.invites = new RemoteInvites({ ...parts, rooms, policy: this.policies });
    this.lookups = new RemoteLookups(remote);
    this.rooms = {
      join: (entry) => entries.join(entry),
      knock: (entry) => entries.knock(entry),
      leave: (entry) => entries.leave(entry),
      invite: (room, invite) => this.invites.invite(room, invite),
    };
  }

  /** Goes on with rooms whose members are still to be brought. */
  start(): void {
    this.completion.wake();
  }

  stop(): Promise<void> {
    return this.completion.stop();
  }
}
