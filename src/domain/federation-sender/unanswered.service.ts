import type { Storage } from '#platform/storage/storage';
import type { MissedReceipt } from './edu-buffer.model';
import { CopiesWriter } from './copies.repository';
import { MissedReceiptsWriter } from './missed-receipts.repository';
import { OutboxWriter } from './outbox.repository';
import type { Contents } from './unanswered.model';
import { UnansweredReader, UnansweredWriter } from './unanswered.repository';

/**
 * Keeps what servers have not answered, for as long as they do not: a row a server, written when an attempt failed. Spec:
 * server-server, `PUT /send/{txnId}`: "The sending server must wait and retry for a 200 OK response before sending a
 * transaction with a different `txnId`".
 */
export class UnansweredTransactions {
  private readonly reader: UnansweredReader;

  constructor(private readonly storage: Storage) {
    this.reader = new UnansweredReader(storage);
  }

  find(destination: string): Promise<Contents | undefined> {
    return this.reader.find(destination);
  }

  /** Keeps a transaction. `missed`: rooms all of whose missed receipts are in it, so that they are missing no more. */
  async keep(destination: string, contents: Contents, missed: readonly MissedReceipt[]): Promise<void> {
    await this.storage.write(async (tx) => {
      await new UnansweredWriter(tx).keep(destination, contents);
      await new MissedReceiptsWriter(tx).remove(destination, missed);
    });
  }

  /** The server has it: what it lacks begins behind it. */
  async answered(destination: string, { eventNids, reaches }: Contents): Promise<void> {
    await this.storage.write(async (tx) => {
      await new UnansweredWriter(tx).remove(destination);
      await new CopiesWriter(tx).remove(destination, eventNids);
      await new OutboxWriter(tx).advance(destination, reaches);
    });
  }

  /** It is not sent again in this form. */
  async giveUp(destination: string): Promise<void> {
    await this.storage.write((tx) => new UnansweredWriter(tx).remove(destination));
  }
}
