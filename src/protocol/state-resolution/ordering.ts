import { powerLevels } from '../auth-rules/power-levels';
import { compareCodePoints } from '../canonical-json';
import type { EventGraph, ResolvableEvent } from './event-graph';

interface Candidate {
  readonly event: ResolvableEvent;
  readonly power: number;
}

/**
 * The reverse topological power ordering: auth events before those that cite them, and among those that are free, the
 * one of the most powerful sender, then the earliest, then the smallest id. Edges inside the set alone count.
 */
export function reverseTopologicalPowerOrder(graph: EventGraph, eventIds: ReadonlySet<string>): string[] {
  const waitingFor = new Map<string, number>();
  const citedBy = new Map<string, string[]>();
  for (const eventId of eventIds) {
    const inside = new Set(graph.authEvents(eventId).filter((id) => eventIds.has(id)));
    waitingFor.set(eventId, inside.size);
    for (const authId of inside) {
      const citing = citedBy.get(authId);
      if (citing === undefined) citedBy.set(authId, [eventId]);
      else citing.push(eventId);
    }
  }
  const candidate = (eventId: string): Candidate => ({ event: graph.get(eventId), power: senderPower(graph, eventId) });
  const free = new Heap(compareByPower);
  for (const [eventId, count] of waitingFor) if (count === 0) free.push(candidate(eventId));
  const order: string[] = [];
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    const { eventId } = next.event;
    order.push(eventId);
    for (const citing of citedBy.get(eventId) ?? []) {
      const left = (waitingFor.get(citing) ?? 0) - 1;
      waitingFor.set(citing, left);
      if (left === 0) free.push(candidate(citing));
    }
  }
  return order;
}

/** The mainline ordering based on a power levels event: by how early on its line of ancestors an event stands. */
export function mainlineOrder(
  graph: EventGraph,
  eventIds: readonly string[],
  powerEventId: string | undefined,
): string[] {
  const positions = mainlinePositions(graph, powerEventId);
  return eventIds
    .map((eventId) => ({ event: graph.get(eventId), position: positionOf(graph, eventId, positions) }))
    .sort((a, b) => (a.position === b.position ? compareByTime(a.event, b.event) : b.position > a.position ? 1 : -1))
    .map(({ event }) => event.eventId);
}

/** Index on the mainline by event id: 0 is the power levels event itself, larger ones are its ancestors. */
function mainlinePositions(graph: EventGraph, powerEventId: string | undefined): Map<string, number> {
  const positions = new Map<string, number>();
  let current = powerEventId;
  while (current !== undefined && !positions.has(current)) {
    positions.set(current, positions.size);
    current = graph.powerLevelsOf(current)?.eventId;
  }
  return positions;
}

function positionOf(graph: EventGraph, eventId: string, positions: ReadonlyMap<string, number>): number {
  const seen = new Set<string>();
  let current: string | undefined = eventId;
  while (current !== undefined && !seen.has(current)) {
    const position = positions.get(current);
    if (position !== undefined) return position;
    seen.add(current);
    current = graph.powerLevelsOf(current)?.eventId;
  }
  return Infinity;
}

/** The power an event's sender had by the event's own auth events. */
function senderPower(graph: EventGraph, eventId: string): number {
  const { sender } = graph.get(eventId).pdu;
  return powerLevels(graph.version, graph.createEvent, graph.powerLevelsOf(eventId)?.pdu).userLevel(sender);
}

function compareByPower(a: Candidate, b: Candidate): number {
  return a.power === b.power ? compareByTime(a.event, b.event) : b.power > a.power ? 1 : -1;
}

function compareByTime(a: ResolvableEvent, b: ResolvableEvent): number {
  const byTime = a.pdu.origin_server_ts - b.pdu.origin_server_ts;
  return byTime === 0 ? compareCodePoints(a.eventId, b.eventId) : byTime;
}

/** A binary heap: hands out the smallest first. */
class Heap {
  private readonly items: Candidate[] = [];

  constructor(private readonly compare: (a: Candidate, b: Candidate) => number) {}

  push(item: Candidate): void {
    let index = this.items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.compare(this.at(parent), item) <= 0) break;
      this.items[index] = this.at(parent);
      index = parent;
    }
    this.items[index] = item;
  }

  pop(): Candidate | undefined {
    const top = this.items[0];
    const last = this.items.pop();
    if (last !== undefined && this.items.length > 0) this.sink(last);
    return top;
  }

  private sink(item: Candidate): void {
    const { length } = this.items;
    let index = 0;
    for (let child = 1; child < length; child = 2 * index + 1) {
      if (child + 1 < length && this.compare(this.at(child + 1), this.at(child)) < 0) child++;
      if (this.compare(item, this.at(child)) <= 0) break;
      this.items[index] = this.at(child);
      index = child;
    }
    this.items[index] = item;
  }

  private at(index: number): Candidate {
    return this.items[index] as Candidate;
  }
}
