import { Backlog } from './backlog.model';
import { EduBuffer, type MissedReceipt } from './edu-buffer.model';
import type { Copies } from './copies.service';
import type { OutgoingTransaction } from './federation-sender.ports';
import type { MissedReceipts } from './missed-receipts.service';
import { ROOMS_AT_ONCE, type Parcel, type Parcels } from './parcels.service';
import { AFRESH, MAX_PDUS, type Resumption } from './resumption.model';
import { transactionId } from './transaction-id.model';
import type { Contents } from './unanswered.model';
import type { UnansweredTransactions } from './unanswered.service';

/** Spec: server-server, "Transactions". */
const MAX_EDUS = 100;
/** Rooms are numbered below. */
const NO_END = Number.MAX_SAFE_INTEGER;

export interface PackingParts {
  readonly parcels: Pick<Parcels, 'page' | 'pack' | 'again'>;
  readonly copies: Copies;
  readonly unanswered: UnansweredTransactions;
  readonly missedReceipts: MissedReceipts;
  readonly checkpoint: {
    readonly generation: number;
    /** What was delivered is in the database too. */
    settled(destination: string): Promise<void>;
  };
  /** Text that no other transaction has. */
  readonly nonce: () => string;
}

/** A transaction, and what it is made of. */
export interface Shipment {
  readonly transaction: OutgoingTransaction;
  readonly contents: Contents;
  /** Rooms all of whose missed receipts are in it; the database has rows of them. */
  readonly missed: readonly MissedReceipt[];
  /** The numbers of copied events that the server has then, or is not to have; the database has rows of them. */
  readonly copies: readonly number[];
  /** Of what it was made, and in which generation of the checkpoint; undefined for one that is sent again. */
  readonly fresh: { readonly parcel: Parcel; readonly generation: number } | undefined;
}

type PackedEdus = Pick<Contents, 'edus' | 'receipts'> & Pick<Shipment, 'missed'>;

/**
 * Puts together what one server gets next: what it has not answered, then copies of others' events, then what it lacks, then
 * receipts that it missed.
 */
export class Packing {
  readonly edus = new EduBuffer((receipt) => this.misses(receipt));
  readonly backlog: Backlog;
  /** Whether EDUs go beside events. */
  edusAllowed = true;
  isBehind: boolean;
  /** Events of one transaction. */
  size: number;
  /** Whether the database may hold a transaction without an answer. */
  mayHold: boolean;
  /** Whether the database may hold copies for the server. */
  private mayLackCopies: boolean;
  private mayMissReceipts: boolean;
  /** The room after which to begin to read what is in the database. */
  private start: number;
  /** Which rows are still to be read: from there to the last, then those before. */
  private cursor: { readonly after: number; readonly upTo: number };

  constructor(
    private readonly destination: string,
    private readonly parts: PackingParts,
    resumption?: Resumption,
  ) {
    const { isBehind, size, after } = resumption ?? AFRESH;
    this.backlog = new Backlog(resumption !== undefined);
    this.mayHold = this.mayLackCopies = this.mayMissReceipts = resumption !== undefined;
    this.isBehind = isBehind;
    this.size = size;
    this.start = after;
    this.cursor = { after, upTo: NO_END };
  }

  get hasWork(): boolean {
    const mayBeOwed = this.mayHold || this.mayLackCopies || this.mayMissReceipts;
    return mayBeOwed || !this.backlog.isEmpty || !this.edus.isEmpty;
  }

  /** How to go on after the server was left alone; what is not in memory then is in the database. */
  rest(): Omit<Resumption, 'rows'> {
    this.backlog.rest();
    // Nobody wants to know who typed before the outage.
    this.edus.clear();
    return { size: this.size, isBehind: this.isBehind, after: this.start };
  }

  /** Goes on with this object after a rest. */
  resume({ size, isBehind, after }: Resumption): void {
    this.size = size;
    this.isBehind = isBehind;
    this.start = after;
    this.cursor = { after, upTo: NO_END };
    this.mayHold = this.mayLackCopies = this.mayMissReceipts = true;
  }

  /** Notes that the database has copies for the server. */
  lacksCopies(): void {
    this.mayLackCopies = true;
  }

  /** Notes that the server has missed a receipt. */
  misses(receipt: MissedReceipt): void {
    this.mayMissReceipts = true;
    this.parts.missedReceipts.note(this.destination, receipt);
  }

  /** It may be one event that a server falls over: the next attempt is smaller, or begins behind it. */
  async beginElsewhere({ contents, transaction }: Shipment): Promise<void> {
    const last = contents.reaches.at(-1);
    if (transaction.pdus.length > 1) this.halve(transaction);
    else if (last !== undefined) this.start = last.roomNid;
    // A copy is nothing that could be begun behind; the server finds its event behind newer ones.
    else await this.parts.copies.settled(this.destination, contents.eventNids);
  }

  halve({ pdus }: OutgoingTransaction): void {
    this.size = Math.ceil(pdus.length / 2);
  }

  wholeAgain(): void {
    this.size = MAX_PDUS;
  }

  /** The next transaction; one with nothing in it may say that the server lacks less than was thought. */
  async next(): Promise<Shipment> {
    return (await this.unanswered()) ?? (await this.packCopies()) ?? this.pack();
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
    return { transaction, contents, missed: [], copies: [], fresh: undefined };
  }

  /** Copies go by themselves: what a server does not take among them holds up nothing else. */
  private async packCopies(): Promise<Shipment | undefined> {
    if (!this.mayLackCopies) return undefined;
    this.mayLackCopies = false;
    const { destination, parts } = this;
    const { generation } = parts.checkpoint;
    const { events, eventNids: copies } = await parts.copies.next(destination, this.size);
    if (copies.length === 0) return undefined;
    this.mayLackCopies = true;
    const fresh = { parcel: { events, progress: [] }, generation };
    return { ...this.shipmentOf(fresh, { edus: [], receipts: [], missed: [] }), copies };
  }

  private async pack(): Promise<Shipment> {
    const { destination, parts } = this;
    if (this.backlog.wantsPage) await this.readPage();
    const { generation } = parts.checkpoint;
    const lacks = this.backlog.next(Math.min(this.size, ROOMS_AT_ONCE));
    const parcel = await parts.parcels.pack(destination, lacks, this.size, this.isBehind);
    return this.shipmentOf({ parcel, generation }, await this.packEdus(parcel.events.length > 0));
  }

  private shipmentOf(fresh: NonNullable<Shipment['fresh']>, { edus, receipts, missed }: PackedEdus): Shipment {
    const { events, progress } = fresh.parcel;
    const eventIds = events.map((event) => event.eventId);
    const txnId = transactionId(this.destination, eventIds, edus.length > 0 ? this.parts.nonce() : '');
    const eventNids = events.map((event) => event.nid);
    const reaches = progress.map(({ lack: { roomNid }, upTo }) => ({ roomNid, upTo }));
    return {
      transaction: { txnId, pdus: events.map((event) => event.pdu), edus },
      contents: { txnId, eventNids, edus, reaches, receipts },
      missed,
      copies: [],
      fresh,
    };
  }

  /** Receipts that were missed come when the server has all events that they may be for. */
  private async packEdus(besideEvents: boolean): Promise<PackedEdus> {
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
}
