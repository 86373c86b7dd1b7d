import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Reader } from '#platform/storage/storage';
import { DagReader } from './dag.repository';

const KEPT = 300_000;
const AT_ONCE = 500;
/** Events in one chain beyond which somebody is trying to keep this server busy. */
const MAX_CHAIN = 200_000;

/** Walks from events to all that authorise them, by number. Edges never change, so they are kept. */
export class AuthChains {
  private readonly reader: DagReader;
  private readonly edges = new LRUCache<number, readonly number[]>(atMost(KEPT));

  constructor(reader: Reader) {
    this.reader = new DagReader(reader);
  }

  /**
   * The events and all that their auth events lead to; a few statements for each step away from them. Does not go on
   * behind events in `known`, whose chains the caller has.
   * @throws Error for a chain that is larger than any honest room's
   */
  async chain(nids: Iterable<number>, known: ReadonlySet<number> = new Set()): Promise<Set<number>> {
    const seen = new Set<number>(nids);
    let step = [...seen].filter((nid) => !known.has(nid));
    while (step.length > 0) {
      const next: number[] = [];
      for (const authority of await this.authorities(step)) {
        for (const nid of authority) {
          if (seen.has(nid) || known.has(nid)) continue;
          seen.add(nid);
          next.push(nid);
        }
      }
      if (seen.size > MAX_CHAIN) throw new Error(`an auth chain has more than ${MAX_CHAIN} events`);
      step = next;
    }
    return seen;
  }

  /** The numbers of the auth events of each, in order. */
  async authorities(nids: readonly number[]): Promise<(readonly number[])[]> {
    const missing = nids.filter((nid) => !this.edges.has(nid));
    const found = new Map<number, number[]>(missing.map((nid) => [nid, []]));
    for (let i = 0; i < missing.length; i += AT_ONCE) {
      for (const edge of await this.reader.authEdges(missing.slice(i, i + AT_ONCE))) {
        found.get(edge.event_nid)!.push(edge.auth_nid);
      }
    }
    const all = nids.map((nid) => this.edges.get(nid) ?? found.get(nid) ?? []);
    for (const [nid, authority] of found) this.edges.set(nid, authority);
    return all;
  }

  /** Those of the events that were rejected. */
  async rejectedOf(nids: readonly number[]): Promise<Set<number>> {
    const events = await this.reader.byNids(nids);
    return new Set(events.filter((event) => event.rejected).map((event) => event.nid));
  }
}
