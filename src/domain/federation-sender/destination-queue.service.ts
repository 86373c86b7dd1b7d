import { Backlog, type Lack } from './backlog.model';
import { EduBuffer } from './edu-buffer.model';
import { failureOf, type Away } from './failure.model';
import type { OutgoingTransaction, TransactionCarrier } from './federation-sender.ports';
import { ROOMS_AT_ONCE, type Parcel, type Parcels } from './parcels.service';
import { transactionId } from './transaction-id.model';

/** Spec: server-server, "Transactions". */
const MAX_PDUS = 50;
const MAX_EDUS = 100;
/** Rooms are numbered below. */
const NO_END = Number.MAX_SAFE_INTEGER;

export interface QueueParts {
  readonly parcels: Pick<Parcels, 'page' | 'pack'>;
  readonly carrier: TransactionCarrier;
  readonly checkpoint: {
    readonly generation: number;
    /** What was delivered is in the database too. */
    settled(destination: string): Promise<void>;
    delivered(destination: string, parcel: Parcel): void;
  };
  /** Text that no other transaction has. */
  readonly nonce: () => string;
  readonly onError: (error: unknown) => void;
}

/** How a server is tried again that failed: all that is remembered of it meanwhile. */
export interface Resumption {
  /** After an outage only the ends of rooms' histories are sent. */
  readonly isBehind: boolean;
  /** Events of one transaction. */
  readonly size: number;
  /** The room after whose number to begin: what the server fails on is tried last. */
  readonly after: number;
}

export const AFRESH: Resumption = { isBehind: false, size: MAX_PDUS, after: 0 };
export const BEHIND: Resumption = { ...AFRESH, isBehind: true };

interface Shipment {
  readonly transaction: OutgoingTransaction;
  readonly parcel: Parcel;
  /** The checkpoint's generation in which it was put together. */
  readonly generation: number;
}

/**
 * What goes to one server: one transaction at a time, the next when the last was answered. A transaction without an answer
 * is sent once more as it was; if that fails too, the server is away, and catches up when it is back.
 */
export class DestinationQueue {
  readonly edus = new EduBuffer();
  readonly backlog: Backlog;
  private size: number;
  private isBehind: boolean;
  private unanswered: Shipment | undefined;
  private edusAllowed = true;
  /** Whether the server took something since it last refused an event: otherwise it may refuse everything. */
  private takesEvents = false;
  /** The room after which to begin to read what is in the database. */
  private start: number;
  /** Which rows are still to be read: from there to the last, then those before. */
  private cursor: { readonly after: number; readonly upTo: number };

  constructor(
    readonly destination: string,
    private readonly parts: QueueParts,
    resumption?: Resumption,
  ) {
    const { isBehind, size, after } = resumption ?? AFRESH;
    this.backlog = new Backlog(resumption !== undefined);
    this.size = size;
    this.isBehind = isBehind;
    this.start = after;
    this.cursor = { after, upTo: NO_END };
  }

  get hasWork(): boolean {
    return this.unanswered !== undefined || !this.backlog.isEmpty || !this.edus.isEmpty;
  }

  /** Lets go of what is in the database while the server is left alone. */
  letGo(lack: Lack): void {
    if (this.unanswered === undefined) this.backlog.drop(lack);
  }

  /** Whether nothing is in this object that is not in the database, given that {@link rest} was called. */
  get isEmptyHanded(): boolean {
    return this.unanswered === undefined && this.backlog.lacks().next().done === true;
  }

  /** Sends one transaction, if there is anything to send. Says why the server is to be left alone, or that it answered. */
  async sendNext(signal: AbortSignal): Promise<Away | 'answered' | 'nothing'> {
    const shipment = this.unanswered ?? (await this.pack());
    const { pdus, edus } = shipment.transaction;
    if (pdus.length === 0 && edus.length === 0) {
      this.settle(shipment);
      return 'nothing';
    }
    try {
      await this.parts.carrier.send(this.destination, shipment.transaction, signal);
    } catch (error) {
      return this.failed(error, shipment);
    }
    this.size = MAX_PDUS;
    this.takesEvents ||= pdus.length > 0;
    this.edusAllowed = true;
    this.unanswered = undefined;
    this.settle(shipment);
    return 'answered';
  }

  /** The server was away without this queue having tried it: it catches up like after any outage. */
  missOut(): void {
    this.unanswered = undefined;
    this.edus.clear();
    this.isBehind = true;
  }

  /** How to go on after the server was left alone; what is not in memory then is in the database. */
  rest(): Resumption {
    this.backlog.rest();
    return { size: this.size, isBehind: this.isBehind, after: this.start };
  }

  /** Goes on with this object after a rest. */
  resume({ size, isBehind, after }: Resumption): void {
    this.size = size;
    this.isBehind = isBehind;
    this.start = after;
    this.cursor = { after, upTo: NO_END };
  }

  private async pack(): Promise<Shipment> {
    const { destination, parts } = this;
    if (this.backlog.wantsPage) await this.readPage();
    const { generation } = parts.checkpoint;
    const lacks = this.backlog.next(Math.min(this.size, ROOMS_AT_ONCE));
    const parcel = await parts.parcels.pack(destination, lacks, this.size, this.isBehind);
    const edus = this.edusAllowed || parcel.events.length === 0 ? this.edus.take(MAX_EDUS) : [];
    const eventIds = parcel.events.map((event) => event.eventId);
    const txnId = transactionId(destination, eventIds, edus.length > 0 ? parts.nonce() : '');
    return { transaction: { txnId, pdus: parcel.events.map((event) => event.pdu), edus }, parcel, generation };
  }

  private async readPage(): Promise<void> {
    const { backlog, destination, parts } = this;
    await parts.checkpoint.settled(destination);
    let page = await parts.parcels.page(destination, this.cursor);
    if (page.length === 0 && this.cursor.upTo > this.start) {
      this.cursor = { after: 0, upTo: this.start };
      page = await parts.parcels.page(destination, this.cursor);
    }
    this.cursor = { ...this.cursor, after: page.at(-1)?.roomNid ?? this.cursor.upTo };
    backlog.turnPage(page, parts.checkpoint.generation);
    if (page.length === 0) this.isBehind = false;
  }

  private settle({ parcel, generation }: Shipment): void {
    for (const progress of parcel.progress) this.backlog.delivered(progress, generation);
    this.parts.checkpoint.delivered(this.destination, parcel);
  }

  private failed(error: unknown, shipment: Shipment): Away | 'answered' {
    const failure = failureOf(error);
    if (failure.kind === 'refused' && this.isolate(error, shipment)) return 'answered';
    if (this.unanswered === undefined && failure.kind === 'away' && !this.isBehind) {
      this.unanswered = shipment;
      return failure;
    }
    // Nobody wants to know who typed before the outage.
    this.missOut();
    this.beginElsewhere(shipment);
    return failure.kind === 'away' ? failure : { kind: 'away', retryAfterMs: 0 };
  }

  /**
   * What the server refuses because of what is in it must not hold up the rest: it is sent without EDUs, then in ever
   * smaller parts, and at last without the one event. False when nobody can say that it is this event. SECURITY: row 29.
   */
  private isolate(error: unknown, shipment: Shipment): boolean {
    const { edus, pdus } = shipment.transaction;
    const isOne = edus.length === 0 && pdus.length === 1;
    if (isOne && !this.takesEvents) return false;
    this.unanswered = undefined;
    if (edus.length > 0) this.edusAllowed = pdus.length === 0;
    else this.size = isOne ? MAX_PDUS : Math.ceil(pdus.length / 2);
    if (isOne) {
      this.takesEvents = false;
      this.settle(shipment);
      this.parts.onError(error);
    }
    return true;
  }

  /** It may be one event that a server falls over: the next attempt is smaller, or begins behind it. */
  private beginElsewhere({ parcel, transaction }: Shipment): void {
    const last = parcel.progress.at(-1);
    if (transaction.pdus.length > 1) this.size = Math.ceil(transaction.pdus.length / 2);
    else if (last !== undefined) this.start = last.lack.roomNid;
  }
}
