import type { Pdu } from '#protocol/events/index';
import type { ResolvableEvent } from '#protocol/state-resolution/index';
import type { AuthChains } from '../store/auth-chains.service';
import type { EventStore } from '../store/event-store.service';
import { OWN } from '../heads/prepared-event.model';

/** An event that has no number yet and may be in a state as {@link OWN}. */
export interface UnstoredEvent {
  readonly eventId: string;
  readonly pdu: Pdu;
  /** Numbers of its auth events. */
  readonly auth: readonly number[];
}

/** The events of one resolution, found by number and by id. */
export class ResolvableEvents {
  private readonly byNumber = new Map<number, ResolvableEvent>();
  private readonly numbers = new Map<string, number>();
  private readonly resolvable = new Map<string, ResolvableEvent>();

  constructor(
    private readonly events: EventStore,
    private readonly chains: AuthChains,
    private readonly own: UnstoredEvent | undefined,
  ) {
    if (own !== undefined) this.add(OWN, own.eventId, own.pdu, false);
  }

  async chain(nids: Iterable<number>): Promise<Set<number>> {
    const all = new Set(nids);
    const hasOwn = all.delete(OWN);
    const start = hasOwn ? [...all, ...this.own!.auth] : all;
    const chain = await this.chains.chain(start);
    return hasOwn ? chain.add(OWN) : chain;
  }

  async load(nids: Iterable<number>): Promise<void> {
    const missing = [...nids].filter((nid) => !this.byNumber.has(nid));
    const rejected = await this.chains.rejectedOf(missing);
    for (const { nid, eventId, pdu } of await this.events.events(missing)) {
      this.add(nid, eventId, pdu as Pdu, rejected.has(nid));
    }
  }

  byNid(nid: number): ResolvableEvent {
    const event = this.byNumber.get(nid);
    if (event === undefined) throw new Error(`state resolution lacks event ${nid}`);
    return event;
  }

  /** Events that were loaded. @throws Error when one was not */
  of(nids: Iterable<number>): ResolvableEvent[] {
    return [...nids].map((nid) => this.byNid(nid));
  }

  byId(eventId: string): ResolvableEvent | undefined {
    return this.resolvable.get(eventId);
  }

  nidOf(eventId: string): number {
    return this.numbers.get(eventId)!;
  }

  /** An outlier may be rejected once its state is known, after it has authorised others. */
  private add(nid: number, eventId: string, pdu: Pdu, rejected: boolean): void {
    const event = { eventId, pdu, rejected };
    this.byNumber.set(nid, event);
    this.numbers.set(eventId, nid);
    this.resolvable.set(eventId, event);
  }
}
