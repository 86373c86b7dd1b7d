import type { Clock } from '#kernel/time';
import type { Hourly } from '#platform/jobs/hourly';
import type { Storage } from '#platform/storage/storage';
import type { FederationReading } from '../event-views';
import type { Federation } from '../federation';
import type { Membership } from '../membership';
import type { Receipts } from '../receipts';
import type { RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import type { Typing } from '../typing';
import { Announced } from './announced.model';
import { Checkpoint } from './checkpoint.job';
import { Copies } from './copies.service';
import { Copying } from './copying.service';
import { FanOut } from './fan-out.service';
import type { TransactionCarrier } from './federation-sender.ports';
import { LocalEdus } from './local-edus.service';
import { MissedReceipts } from './missed-receipts.service';
import { OutboxReader, type OutboxRow } from './outbox.repository';
import { Outbox } from './outbox.service';
import { OwedServersReader } from './owed-servers.repository';
import { Parcels } from './parcels.service';
import { relayExpiry } from './relay-expiry.job';
import { Sending } from './sending.service';
import { UnansweredTransactions } from './unanswered.service';

/** Rows of one read at the start. */
const PAGE = 500;

export interface FederationSenderParts {
  readonly storage: Storage;
  readonly federation: Pick<Federation, 'serverName' | 'destinations' | 'rules'>;
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly membership: Pick<Membership, 'servers' | 'allOf'>;
  readonly receipts: Pick<Receipts, 'publicSince'>;
  readonly typing: Pick<Typing, 'current'>;
  readonly reading: Pick<FederationReading, 'visibleToServer'>;
  readonly carrier: TransactionCarrier;
  readonly now: Clock;
  readonly onError: (error: unknown) => void;
}

/** Brings our events and EDUs to other servers. Registers itself with the timeline. */
export class FederationSender {
  /** Passes on events of other servers' users; bind it to the handlers. */
  readonly relay = new Announced();
  private readonly checkpoint: Checkpoint;
  private readonly fanOut: FanOut;
  private readonly missedReceipts: MissedReceipts;
  private readonly sending: Sending;
  private readonly edus: LocalEdus;
  private readonly relayExpiry: Hourly;
  private readonly forgetRecovered: () => void;
  private transactions = 0;

  constructor(private readonly parts: FederationSenderParts) {
    const { federation, roomState: rooms, membership, now, onError } = parts;
    const { serverName, destinations } = federation;
    const { servers } = membership;
    const allows = (server: string) => server !== serverName && federation.rules.allows(server);
    const since = now();
    this.checkpoint = new Checkpoint({
      ...parts,
      owed: () => this.sending.owed(),
      onSaved: (owed) => this.sending.saved(owed),
    });
    this.missedReceipts = new MissedReceipts({ ...parts, serverName, rooms, servers });
    const parcels = new Parcels({ ...parts, serverName, rooms, servers });
    this.sending = new Sending({
      ...parts,
      parcels,
      copies: new Copies({ ...parts, servers, parcels }),
      unanswered: new UnansweredTransactions(parts.storage),
      missedReceipts: this.missedReceipts,
      destinations,
      checkpoint: this.checkpoint,
      nonce: () => `${since}-${++this.transactions}`,
    });
    this.fanOut = new FanOut({
      servers,
      allows,
      lacks: (destination, row) => this.sending.lacks(destination, row),
      onShared: (eventNids) => this.checkpoint.sharedOut(eventNids),
      onError,
    });
    this.takePart();
    this.relayExpiry = relayExpiry(parts.storage, now);
    const send = this.sending.edu.bind(this.sending);
    this.edus = new LocalEdus({ ...parts, serverName, rooms, allows, send });
    this.forgetRecovered = destinations.onRecovered((destination) => this.sending.recovered(destination));
  }

  /** What is held in memory: grows with the servers that are being sent to, not with those that are known. */
  get size(): Sending['size'] {
    return this.sending.size;
  }

  /** Goes on where the last run ended: with the servers that lack something, and events not known to have arrived. */
  async start(): Promise<void> {
    const { storage } = this.parts;
    const reader = new OutboxReader(storage);
    this.checkpoint.start();
    this.relayExpiry.start(this.parts.onError);
    for await (const destinations of new OwedServersReader(storage).pages(PAGE)) await this.pickUp(destinations);
    for (let after = 0; ;) {
      const rows = await reader.events(after, PAGE);
      if (rows.length === 0) break;
      this.fanOut.add(rows);
      after = rows.at(-1)!.eventNid;
    }
  }

  /** Ends after the transactions under way; what is left is sent after the next start. */
  async stop(): Promise<void> {
    this.edus.stop();
    this.forgetRecovered();
    await this.relayExpiry.stop();
    await this.fanOut.stop();
    await this.sending.stop();
    await this.missedReceipts.stop();
    await this.checkpoint.stop();
  }

  /** What goes out from here is written with the events. */
  private takePart(): void {
    const { federation, timeline, membership, now } = this.parts;
    const { serverName } = federation;
    const onAdded = (rows: readonly OutboxRow[]): void => this.fanOut.add(rows);
    const onCopied = (destination: string): void => this.sending.lacksCopies(destination);
    timeline.addParticipant(new Outbox(serverName, membership.servers, this.relay, onAdded, now));
    timeline.addParticipant(new Copying(serverName, this.relay, onCopied, now));
  }

  private async pickUp(destinations: readonly string[]): Promise<void> {
    const failing = await this.parts.federation.destinations.failing(destinations);
    for (const destination of destinations) this.sending.pickUp(destination, failing.get(destination));
  }
}
