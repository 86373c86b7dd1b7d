import type { Backlog, Lack } from './backlog.model';
import type { LocalEdu } from './edu-buffer.model';
import { failureOf, type Away } from './failure.model';
import type { TransactionCarrier } from './federation-sender.ports';
import { Packing, type PackingParts, type Shipment } from './packing.service';
import type { Parcel } from './parcels.service';
import type { Resumption } from './resumption.model';

export interface QueueParts extends PackingParts {
  readonly carrier: TransactionCarrier;
  readonly checkpoint: PackingParts['checkpoint'] & {
    delivered(destination: string, parcel: Parcel): void;
  };
  readonly onError: (error: unknown) => void;
}

/**
 * What goes to one server: one transaction at a time, the next when the last was answered. A transaction without an answer
 * is written down and sent again as it was until it has one. If it fails twice the server is away, and catches up when it
 * is back.
 */
export class DestinationQueue {
  private readonly packing: Packing;
  /** Whether the server took something since it last refused an event: otherwise it may refuse everything. */
  private takesEvents = false;
  private rows: symbol;

  constructor(
    readonly destination: string,
    private readonly parts: QueueParts,
    resumption?: Resumption,
  ) {
    this.packing = new Packing(destination, parts, resumption);
    this.rows = resumption?.rows ?? Symbol('of a new queue');
  }

  get hasWork(): boolean {
    return this.packing.hasWork;
  }

  get backlog(): Backlog {
    return this.packing.backlog;
  }

  addEdu(edu: LocalEdu): void {
    this.packing.edus.add(edu);
  }

  /** Notes that the database has copies of events for the server. */
  lacksCopies(): void {
    this.packing.lacksCopies();
  }

  /** Drops the EDUs that have not been sent; receipts among them are noted as missed. */
  dropEdus(): void {
    this.packing.edus.clear();
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
    const shipment = await this.packing.next();
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
    this.packing.wholeAgain();
    this.packing.edusAllowed = true;
    this.takesEvents ||= pdus.length > 0;
    await this.settle(shipment);
    return 'answered';
  }

  /** The server was away without this queue having tried it: it catches up like after any outage. */
  missOut(): void {
    this.packing.isBehind = true;
  }

  /** How to go on after the server was left alone; what is not in memory then is in the database. */
  rest(): Resumption {
    return { ...this.packing.rest(), rows: this.rows };
  }

  /** Goes on with this object after a rest. */
  resume(resumption: Resumption): void {
    this.packing.resume(resumption);
    this.rows = resumption.rows;
  }

  /** The server has what is in a transaction, or will never have it. */
  private async settle({ fresh, contents, missed, copies }: Shipment): Promise<void> {
    const { destination, backlog, parts } = this;
    this.rows = Symbol('after a delivery');
    if (fresh === undefined) {
      this.packing.mayHold = false;
      for (const { roomNid, upTo } of contents.reaches) backlog.reached(roomNid, upTo);
      return parts.unanswered.answered(destination, contents);
    }
    for (const progress of fresh.parcel.progress) backlog.delivered(progress, fresh.generation);
    parts.checkpoint.delivered(destination, fresh.parcel);
    await parts.missedReceipts.delivered(destination, missed);
    await parts.copies.settled(destination, copies);
  }

  private async failed(error: unknown, shipment: Shipment): Promise<Away | 'answered'> {
    const failure = failureOf(error);
    if (failure.kind === 'refused' && (await this.isolate(error, shipment))) return 'answered';
    const isRepeat = shipment.fresh === undefined;
    const mayFallAgain = failure.kind === 'refused' || (failure.fellOver && (isRepeat || this.packing.isBehind));
    if (mayFallAgain) {
      await this.giveUp(shipment);
      await this.packing.beginElsewhere(shipment);
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
    this.packing.mayHold = false;
    for (const receipt of contents.receipts) this.packing.misses(receipt);
  }

  /**
   * What the server refuses because of what is in it must not hold up the rest: it is sent without EDUs, then in ever
   * smaller parts, and at last without the one event. False when nobody can say that it is this event. SECURITY: row 29.
   */
  private async isolate(error: unknown, shipment: Shipment): Promise<boolean> {
    const { packing } = this;
    const { edus, pdus } = shipment.transaction;
    const isOne = edus.length === 0 && pdus.length === 1;
    if (isOne && !this.takesEvents) return false;
    if (isOne || pdus.length === 0) await this.settle(shipment);
    else await this.giveUp(shipment);
    if (edus.length > 0) packing.edusAllowed = pdus.length === 0;
    else if (!isOne) packing.halve(shipment.transaction);
    if (isOne) {
      packing.wholeAgain();
      this.takesEvents = false;
      this.parts.onError(error);
    }
    return true;
  }
}
