import { authEventIds, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { stateMapKey, type RoomInfo, type RoomState, type StateEntry } from '../../room-state';
import type { EventJudge } from '../placing/event-judge.service';
import type { EventStore } from '../store/event-store.service';
import type { EventStates } from './restated-events.repository';
import type { StoredEvent } from '../timeline.model';

/** Events judged between two turns of the event loop. */
const BATCH = 200;

/**
 * Judges events again that were taken in while the room's state lacked members, and for which their own authority vouched:
 * by the states that they had, with what was missing under them. Only reads.
 */
export class Rejudging {
  constructor(
    private readonly rooms: Pick<RoomState, 'snapshots' | 'current'>,
    private readonly events: EventStore,
    private readonly judge: EventJudge,
  ) {}

  /**
   * The events that do not hold, with those that rest on them.
   * @param taken older ones first
   * @param missing what their states lacked
   * @param past events that are in their states and would not be, had nothing been missing
   */
  async refused(
    room: RoomInfo,
    taken: readonly EventStates[],
    { missing, past }: { readonly missing: readonly StateEntry[]; readonly past: ReadonlySet<number> },
  ): Promise<ReadonlySet<number>> {
    const lacked = new Map(missing.map((entry) => [stateMapKey(entry.type, entry.stateKey), entry.eventNid]));
    const create = await this.events.event(await this.rooms.current(room, 'm.room.create', ''));
    const refused = new Set<number>();
    const refusedIds = new Set<string>();
    // What rests on a refused event may come before it here, but seldom: usually one turn is all.
    for (let known = -1; refused.size > known;) {
      known = refused.size;
      for (let i = 0; i < taken.length; i += BATCH) {
        const states = taken.slice(i, i + BATCH).filter((one) => !refused.has(one.nid));
        const stored = new Map((await this.events.events(states.map((one) => one.nid))).map((one) => [one.nid, one]));
        for (const { nid, before } of states) {
          const event = stored.get(nid)!;
          if (await this.holds(room, event, before, { lacked, past, refused, refusedIds, create })) continue;
          refused.add(nid);
          refusedIds.add(event.eventId);
        }
      }
    }
    return refused;
  }

  private async holds(room: RoomInfo, event: StoredEvent, before: number, by: Grounds): Promise<boolean> {
    const version = roomVersion(room.version);
    const pdu = event.pdu as Pdu;
    if (authEventIds(pdu).some((id) => by.refusedIds.has(id))) return false;
    const node = before === 0 ? undefined : await this.rooms.snapshots.node(before);
    const held = await this.judge.entriesFor(version, pdu, { node, changes: [] });
    const entries = new Map<string, Pdu>();
    for (const pair of this.judge.keysFor(version, pdu)) {
      const key = stateMapKey(...pair);
      const found = await this.standing(held.get(key), by.lacked.get(key), by);
      if (found !== undefined) entries.set(key, found.pdu as Pdu);
    }
    return this.judge.byState(version, pdu, entries, by.create?.pdu as Pdu | undefined) === undefined;
  }

  /** What holds a key when what is refused does not: what it replaced, down to what was missing. */
  private async standing(
    held: StoredEvent | undefined,
    lacked: number | undefined,
    { refused, past }: Grounds,
  ): Promise<StoredEvent | undefined> {
    let event = held;
    while (event !== undefined && (refused.has(event.nid) || past.has(event.nid))) {
      event = event.replacesNid === null ? undefined : await this.events.event(event.replacesNid);
    }
    return event ?? this.events.event(lacked);
  }
}

interface Grounds {
  /** Numbers of the events that the states lacked, by key. */
  readonly lacked: ReadonlyMap<string, number>;
  readonly past: ReadonlySet<number>;
  readonly refused: ReadonlySet<number>;
  readonly refusedIds: ReadonlySet<string>;
  readonly create: StoredEvent | undefined;
}
