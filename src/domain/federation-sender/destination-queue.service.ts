import { RemoteServerError } from '../federation';
import { EduBuffer } from './edu-buffer.model';
import type { TransactionCarrier } from './federation-sender.ports';
import type { Parcel, PendingEvents } from './pending-events.service';

/** Spec: server-server, "Transactions". */
const MAX_PDUS = 50;
const MAX_EDUS = 100;
/** Refusals that are about us and not about what is in the transaction. */
const ABOUT_US: ReadonlySet<number> = new Set([401, 403, 404, 405, 429]);

export interface QueueParts {
  readonly pending: Pick<PendingEvents, 'next' | 'delivered'>;
  readonly carrier: TransactionCarrier;
  readonly newTxnId: () => string;
  /** Lets the server alone for a while: it answers, but does not want us. */
  readonly refused: (destination: string) => Promise<void>;
}

/** What became of a round: all was delivered, or the server is to be left alone for now. */
export type RoundEnd = 'empty' | 'failed';

/**
 * What goes to one server: one transaction at a time, the next when the last was answered. Events wait in the database, EDUs
 * in memory.
 */
export class DestinationQueue {
  readonly edus = new EduBuffer();
  /** After an outage: only the newest event of each room is sent. */
  isBehind = false;
  private size = MAX_PDUS;

  constructor(
    readonly destination: string,
    private readonly parts: QueueParts,
  ) {}

  /** Sends until nothing is left or a transaction fails. Never rejects for what the server does. */
  async drain(): Promise<RoundEnd> {
    for (;;) {
      const parcel = await this.parts.pending.next(this.destination, this.size, this.isBehind);
      if (parcel === undefined && this.edus.isEmpty) break;
      if (!(await this.deliver(parcel))) return 'failed';
    }
    this.isBehind = false;
    return 'empty';
  }

  private async deliver(parcel: Parcel | undefined): Promise<boolean> {
    const { destination } = this;
    const edus = this.edus.take(MAX_EDUS);
    const pdus = parcel?.events.map((event) => event.pdu) ?? [];
    try {
      const transaction = { txnId: this.parts.newTxnId(), pdus, edus };
      if (pdus.length > 0 || edus.length > 0) await this.parts.carrier.send(destination, transaction);
    } catch (error) {
      // Nobody wants to know who typed before the outage.
      this.edus.clear();
      return this.afterFailure(error, parcel);
    }
    this.size = MAX_PDUS;
    if (parcel !== undefined) await this.parts.pending.delivered(destination, parcel);
    return true;
  }

  /**
   * What the server refuses because of what is in it must not hold up the rest: it is sent in ever smaller parts, and at
   * last without the one event. SECURITY: row 29. True when the next may be sent at once.
   */
  private async afterFailure(error: unknown, parcel: Parcel | undefined): Promise<boolean> {
    const isPoison =
      error instanceof RemoteServerError && error.status < 500 && error.status >= 400 && !ABOUT_US.has(error.status);
    if (isPoison && parcel !== undefined && parcel.events.length > 0) {
      if (parcel.events.length === 1) await this.parts.pending.delivered(this.destination, parcel);
      this.size = parcel.events.length === 1 ? MAX_PDUS : Math.ceil(parcel.events.length / 2);
      return true;
    }
    if (error instanceof RemoteServerError && error.status < 500) await this.parts.refused(this.destination);
    this.isBehind = true;
    return false;
  }
}
