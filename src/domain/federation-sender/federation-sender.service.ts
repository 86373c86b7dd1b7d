import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import type { FederationReading } from '../event-views';
import type { Federation } from '../federation';
import type { Membership } from '../membership';
import type { RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import type { Typing } from '../typing';
import { FanOut } from './fan-out.service';
import type { TransactionCarrier } from './federation-sender.ports';
import { LocalEdus } from './local-edus.service';
import { Outbox } from './outbox.service';
import { PendingEvents } from './pending-events.service';
import { Sending } from './sending.service';

export interface FederationSenderParts {
  readonly storage: Storage;
  readonly federation: Federation;
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly membership: Membership;
  readonly typing: Typing;
  readonly reading: FederationReading;
  readonly carrier: TransactionCarrier;
  readonly now: Clock;
  readonly onError: (error: unknown) => void;
}

/** Brings our events and EDUs to other servers. Registers itself with the timeline. */
export class FederationSender {
  /** Passes on events of other servers' users; bind it to the handlers. */
  readonly relay: Outbox;
  private readonly fanOut: FanOut;
  private readonly pending: PendingEvents;
  private readonly sending: Sending;
  private readonly edus: LocalEdus;
  private readonly forgetRecovered: () => void;
  private sent = 0;

  constructor(private readonly parts: FederationSenderParts) {
    const { storage, federation, roomState: rooms, timeline, membership, now, onError } = parts;
    const { serverName, destinations } = federation;
    const allows = (server: string) => server !== serverName && federation.rules.allows(server);
    const since = now();
    this.pending = new PendingEvents({
      ...parts,
      serverName,
      rooms,
      allows: (room, server) => timeline.graph.allows(room, server),
    });
    this.sending = new Sending({
      ...parts,
      pending: this.pending,
      newTxnId: () => `${since}-${++this.sent}`,
      refused: (destination) => destinations.failed(destination),
      retryAt: (destination) => destinations.retryAt(destination),
    });
    this.fanOut = new FanOut({
      storage,
      allows,
      serversIn: (nid) => membership.servers.of({ nid }),
      onMarked: (marked) => [...marked].forEach((destination) => this.sending.wake(destination)),
      onError,
    });
    this.relay = new Outbox(serverName, membership.servers, () => this.fanOut.wake());
    timeline.addParticipant(this.relay);
    const send = this.sending.edu.bind(this.sending);
    this.edus = new LocalEdus({ ...parts, serverName, rooms, allows, send });
    this.forgetRecovered = destinations.onRecovered((destination) => this.sending.wake(destination, true));
  }

  /** Goes on where the last run ended. */
  async start(): Promise<void> {
    for (const destination of await this.pending.destinations()) this.sending.wake(destination);
    this.fanOut.wake();
  }

  /** Ends after the transactions under way; what is left is sent after the next start. */
  async stop(): Promise<void> {
    this.edus.stop();
    this.forgetRecovered();
    await this.fanOut.idle();
    await this.sending.stop();
  }
}
