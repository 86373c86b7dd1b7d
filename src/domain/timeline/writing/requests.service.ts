import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Reader } from '#platform/storage/storage';
import type { TransactionKey } from '../timeline.model';
import { requestHash, TransactionReader } from './transaction.repository';

/**
 * Makes a repeated request give the first answer. Repeats that come while the first is under way share its promise; later
 * ones read the answer. Spec: client-server API, "Transaction identifiers".
 */
export class Requests {
  private readonly reader: TransactionReader;
  private readonly underWay = new Map<string, Promise<string>>();
  /** Who sent which of the newest events, so that a sync right after a send reads nothing. */
  private readonly recent = new LRUCache<number, TransactionKey>(atMost(20_000));

  constructor(reader: Reader) {
    this.reader = new TransactionReader(reader);
  }

  /** Runs `work`, which answers with an event id, unless the request was answered before. One read. */
  once(key: TransactionKey | undefined, work: () => Promise<string>): Promise<string> {
    if (key === undefined) return work();
    const hash = requestHash(key);
    const running = this.underWay.get(hash);
    if (running !== undefined) return running;
    const first = this.answer(hash, work).finally(() => this.underWay.delete(hash));
    this.underWay.set(hash, first);
    return first;
  }

  /** Notes which request made an event. */
  answered(eventNid: number, key: TransactionKey): void {
    this.recent.set(eventNid, key);
  }

  /** The transaction ids that a device (or token) gave to some events. At most one statement. */
  async idsOf(eventNids: readonly number[], userId: string, scope: string): Promise<Map<number, string>> {
    const ids = new Map<number, string>();
    const unsure: number[] = [];
    for (const nid of eventNids) {
      const key = this.recent.get(nid);
      if (key === undefined) unsure.push(nid);
      else if (key.userId === userId && key.scope === scope) ids.set(nid, key.txnId);
    }
    if (unsure.length === 0) return ids;
    for (const [nid, txnId] of await this.reader.idsOf(unsure, userId, scope)) ids.set(nid, txnId);
    return ids;
  }

  private async answer(hash: string, work: () => Promise<string>): Promise<string> {
    return (await this.reader.answerTo(hash)) ?? work();
  }
}
