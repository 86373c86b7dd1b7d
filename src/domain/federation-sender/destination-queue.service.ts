import { Backlog, type Lack } from './backlog.model';
import { EduBuffer, type MissedReceipt } from './edu-buffer.model';
import { failureOf, type Away } from './failure.model';
import type { OutgoingTransaction, TransactionCarrier } from './federation-sender.ports';
import type { MissedReceipts } from './missed-receipts.service';
import { ROOMS_AT_ONCE, type Parcel, type Parcels } from './parcels.service';
import { transactionId } from './transaction-id.model';
import type { Contents } from './unanswered.model';
import type { UnansweredTransactions } from './unanswered.service';

/** Spec: server-server, "Transactions". */
const MAX_PDUS = 50;
const MAX_EDUS = 100;
/** Rooms are numbered below. */
const NO_END = Number.MAX_SAFE_INTEGER;

export interface QueueParts {
  readonly parcels: Pick<Parcels, 'page' | 'pack' | 'again'>;
  readonly unanswered: UnansweredTransactions;
  readonly missedReceipts: MissedReceipts;
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
  /** Another one when rows of the server may have been removed. */
  readonly rows: symbol;
}

export const AFRESH: Resumption = { isBehind: false, size: MAX_PDUS, after: 0, rows: Symbol('as read at the start') };
export const BEHIND: Resumption = { ...AFRESH, isBehind: true };

interface Shipment {
  readonly transaction: OutgoingTransaction;
  readonly contents: Contents;
  /** Missed before, of which the database has rows. */
  readonly missed: readonly MissedReceipt[];
  /** What it is made of, and in which generation of the checkpoint; undefined for one that is sent again. */
  readonly fresh: { readonly parcel: Parcel; readonly generation: number } | undefined;
}

/**
 * What goes to one server: one transaction at a time, the next when the last was answered. A transaction without an answer
 * is written down and sent again as it was until it has one. If it fails twice the server is away, and catches up when it
 * is back.
 */
export class DestinationQueue {
  readonly edus: EduBuffer;
  readonly backlog: Backlog;
  private size: number;
  private isBehind: boolean;
  /** Whether the database may hold a transaction without an answer, and receipts that were missed. */
  private mayHold: boolean;
  private mayMissReceipts: boolean;
  private edusAllowed = true;
  /** Whether the server took something since it last refused an event: otherwise it may refuse everything. */
  private takesEvents = false;
  /** The room after which to begin to read what is in the database. */
  private start: number;
  private rows: symbol;
  /** Which rows are still to be read: from there to the last, then those before. */
  private cursor: { readonly after: number; readonly upTo: number };

  constructor(
    readonly destination: string,
    private readonly parts: QueueParts,
    resumption?: Resumption,
  ) {
    const { isBehind, size, after, rows } = resumption ?? { ...AFRESH, rows: Symbol('of a new queue') };
    this.backlog = new Backlog(resumption !== undefined);
    this.edus = new EduBuffer((receipt) => this.misses(receipt));
    this.mayHold = this.mayMissReceipts = resumption !== undefined;
    this.size = size;
    this.isBehind = isBehind;
    this.start = after;
    this.rows = rows;
    this.cursor = { after, upTo: NO_END };
  }

  get hasWork(): boolean {
    return this.mayHold || this.mayMissReceipts || !this.backlog.isEmpty || !this.edus.isEmpty;
  }

  /** Lets go of what is in the database while the server is left alone. */
  letGo(lack: Lack): void {
    this.backlog.drop(lack);
  }

  /** Whether nothing is in this object that is not in the database, given that {@link rest} was called. */
  get isEmptyHanded(): boolean {
    return this.backlog.lacks().next().done === true;
  }

  /** Sends one transaction, if there is anything to send. Says why the server is to be left alone, or that it answered. */
  async sendNext(signal: AbortSignal): Promise<Away | 'answered' | 'nothing'> {
    const shipment = (await this.unanswered()) ?? (await this.pack());
    const { pdus, edus } = shipment.transaction;
    if (pdus.length === 0 && edus.length === 0) {
      await this.settle(shipment);
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
    await this.settle(shipment);
    return 'answered';
  }

  /** The server was away without this queue having tried it: it catches up like after any outage. */
  missOut(): void {
    this.isBehind = true;
  }

  /** How to go on after the server was left alone; what is not in memory then is in the database. */
  rest(): Resumption {
    this.backlog.rest();
    // Nobody wants to know who typed before the outage.
    this.edus.clear();
    return { size: this.size, isBehind: this.isBehind, after: this.start, rows: this.rows };
  }

  /** Goes on with this object after a rest. */
  resume({ size, isBehind, after, rows }: Resumption): void {
    this.rows = rows;
    this.size = size;
    this.isBehind = isBehind;
    this.start = after;
    this.cursor = { after, upTo: NO_END };
    this.mayHold = this.mayMissReceipts = true;
  }

  /** Notes that the server has missed a receipt. */
  misses(receipt: MissedReceipt): void {
    this.mayMissReceipts = true;
    this.parts.missedReceipts.note(this.destination, receipt);
  }

  /** The transaction that the server has yet to answer. */
  private async unanswered(): Promise<Shipment | undefined> {
    if (!this.mayHold) return undefined;
    const { destination, parts } = this;
    const contents = await parts.unanswered.find(destination);
    this.mayHold = contents !== undefined;
    if (contents === undefined) return undefined;
    const { txnId, eventNids, edus } = contents;
    const events = await parts.parcels.again(destination, eventNids);
    const transaction = { txnId, pdus: events.map((event) => event.pdu), edus };
    return { transaction, contents, missed: [], fresh: undefined };
  }

  private async pack(): Promise<Shipment> {
    const { destination, parts } = this;
    if (this.backlog.wantsPage) await this.readPage();
    const { generation } = parts.checkpoint;
    const lacks = this.backlog.next(Math.min(this.size, ROOMS_AT_ONCE));
    const parcel = await parts.parcels.pack(destination, lacks, this.size, this.isBehind);
    const { events, progress } = parcel;
    const { edus, receipts, missed } = await this.packEdus(events.length > 0);
    const eventIds = events.map((event) => event.eventId);
    const txnId = transactionId(destination, eventIds, edus.length > 0 ? parts.nonce() : '');
    const eventNids = events.map((event) => event.nid);
    const reaches = progress.map(({ lack: { roomNid }, upTo }) => ({ roomNid, upTo }));
    return {
      transaction: { txnId, pdus: events.map((event) => event.pdu), edus },
      contents: { txnId, eventNids, edus, reaches, receipts },
      missed,
      fresh: { parcel, generation },
    };
  }

  /** Receipts that were missed come when the server has all events that they may be for. */
  private async packEdus(besideEvents: boolean) {
    if (this.mayMissReceipts && !besideEvents && this.backlog.isEmpty) {
      const { edus, missed } = await this.parts.missedReceipts.next(this.destination);
      this.mayMissReceipts = missed.length > 0;
      if (missed.length > 0) return { edus, receipts: missed, missed };
    }
    const taken = this.edusAllowed || !besideEvents ? this.edus.take(MAX_EDUS) : { edus: [], receipts: [] };
    return { ...taken, missed: [] };
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

  /** The server has what is in a transaction, or will never have it. */
  private async settle({ fresh, contents, missed }: Shipment): Promise<void> {
    const { destination, backlog, parts } = this;
    this.rows = Symbol('after a delivery');
    if (fresh === undefined) {
      this.mayHold = false;
      for (const { roomNid, upTo } of contents.reaches) backlog.reached(roomNid, upTo);
      return parts.unanswered.answered(destination, contents);
    }
    for (const progress of fresh.parcel.progress) backlog.delivered(progress, fresh.generation);
    parts.checkpoint.delivered(destination, fresh.parcel);
    await parts.missedReceipts.delivered(destination, missed);
  }

  private async failed(error: unknown, shipment: Shipment): Promise<Away | 'answered'> {
    const failure = failureOf(error);
    if (failure.kind === 'refused' && (await this.isolate(error, shipment))) return 'answered';
    const isRepeat = shipment.fresh === undefined;
    const mayFallAgain = failure.kind === 'refused' || (failure.fellOver && (isRepeat || this.isBehind));
    if (mayFallAgain) {
      await this.giveUp(shipment);
      this.beginElsewhere(shipment);
    } else if (!isRepeat) await this.keep(shipment);
    if (isRepeat || mayFallAgain) this.missOut();
    return failure.kind === 'away' ? failure : { kind: 'away', retryAfterMs: 0, fellOver: false };
  }

  /** Holds on to a transaction until it is answered. */
  private async keep({ contents, missed }: Shipment): Promise<void> {
    await this.parts.unanswered.keep(this.destination, contents, missed);
    this.parts.missedReceipts.kept(this.destination, missed);
  }

  /** A transaction is not sent in this form again; what is in it still is missing. */
  private async giveUp({ fresh, contents }: Shipment): Promise<void> {
    if (fresh === undefined) await this.parts.unanswered.giveUp(this.destination);
    this.mayHold = false;
    for (const receipt of contents.receipts) this.misses(receipt);
  }

  /**
   * What the server refuses because of what is in it must not hold up the rest: it is sent without EDUs, then in ever
   * smaller parts, and at last without the one event. False when nobody can say that it is this event. SECURITY: row 29.
   */
  private async isolate(error: unknown, shipment: Shipment): Promise<boolean> {
    const { edus, pdus } = shipment.transaction;
    const isOne = edus.length === 0 && pdus.length === 1;
    if (isOne && !this.takesEvents) return false;
    if (pdus.length > 0) await this.giveUp(shipment);
    else await this.settle(shipment);
    if (edus.length > 0) this.edusAllowed = pdus.length === 0;
    else this.size = isOne ? MAX_PDUS : Math.ceil(pdus.length / 2);
    if (isOne) {
      this.takesEvents = false;
      await this.settle(shipment);
      this.parts.onError(error);
    }
    return true;
  }

  /** It may be one event that a server falls over: the next attempt is smaller, or begins behind it. */
  private beginElsewhere({ contents, transaction }: Shipment): void {
    const last = contents.reaches.at(-1);
    if (transaction.pdus.length > 1) this.size = Math.ceil(transaction.pdus.length / 2);
    else if (last !== undefined) this.start = last.roomNid;
  }
}
