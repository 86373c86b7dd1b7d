import type { Pdu } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import { resolveState, stateEntryKey, type StateMap } from '#protocol/state-resolution/index';
import { stateMapKey, type RoomInfo, type RoomState, type StateEntry, type StateKeyPair } from '../../room-state';
import type { AuthChains } from '../store/auth-chains.service';
import { AuthDifferences } from './auth-differences.service';
import { conflictedEntries, keysThatJudge, ownKeys, type Conflict } from './conflict.model';
import type { EventStore } from '../store/event-store.service';
import { ResolvableEvents } from './resolvable-events.service';
import { ABSENT } from './state-view.model';
import type { StateViews } from './state-views.service';
import type { StoredEvent } from '../timeline.model';

/**
 * Resolves conflicts between states with #protocol's algorithm, which is given what of the states it can come to ask.
 * Spec: rooms, "State resolution".
 */
export class ConflictResolution {
  private readonly differences: AuthDifferences;

  constructor(
    private readonly rooms: Pick<RoomState, 'current'>,
    private readonly events: EventStore,
    private readonly chains: AuthChains,
    private readonly views: StateViews,
  ) {
    this.differences = new AuthDifferences(views);
  }

  /**
   * What the states make together under the keys of the conflict. The auth difference takes part, so that keys can come in
   * that no state has. Event 0 where nothing is left.
   */
  async resolve(room: RoomInfo, version: RoomVersion, conflict: Conflict): Promise<StateEntry[]> {
    const events = new ResolvableEvents(this.events, this.chains, conflict.own);
    const difference = await this.differences.of(conflict, events);
    const conflicted = conflictedEntries(conflict);
    // The full conflicted set.
    const full = new Set([...conflicted.flat().map(({ eventNid }) => eventNid), ...difference]);
    await events.load(await events.chain(full));
    const drawnIn = ownKeys(events.of(difference));
    const agreed = await this.agreed(conflict, [...keysThatJudge(version, events.of(full)), ...drawnIn]);
    await events.load(await events.chain(agreed.map(({ eventNid }) => eventNid)));
    const create = await this.createEvent(room);
    const resolved = resolveState({
      version,
      createEvent: create.pdu as Pdu,
      states: conflicted.map((entries) => stateMap([...agreed, ...entries], events)),
      event: (eventId) => events.byId(eventId),
      authDifference: new Set(events.of(difference).map(({ eventId }) => eventId)),
    });
    return disputed(conflict, drawnIn, agreed).map(([type, stateKey]) => {
      const eventId = resolved.get(stateEntryKey(type, stateKey));
      return { type, stateKey, eventNid: eventId === undefined ? ABSENT : events.nidOf(eventId) };
    });
  }

  /** Of the unconflicted state, the entries under some keys. */
  private agreed({ views, keys }: Conflict, wanted: readonly StateKeyPair[]): Promise<StateEntry[]> {
    const undisputed = wanted.filter((pair) => !keys.has(stateMapKey(...pair)));
    return this.views.entries(views[0]!, undisputed);
  }

  private async createEvent(room: RoomInfo): Promise<StoredEvent> {
    const create = await this.events.event(await this.rooms.current(room, 'm.room.create', ''));
    if (create === undefined) throw new Error(`room ${room.nid} has no create event`);
    return create;
  }
}

function stateMap(entries: readonly StateEntry[], events: ResolvableEvents): StateMap {
  return new Map(
    entries.map(({ type, stateKey, eventNid }) => [stateEntryKey(type, stateKey), events.byNid(eventNid).eventId]),
  );
}

/** The keys that the resolution decides: those in conflict, and those drawn in under which the states have nothing. */
function disputed({ keys }: Conflict, drawnIn: readonly StateKeyPair[], agreed: readonly StateEntry[]): StateKeyPair[] {
  const settled = new Set(agreed.map(({ type, stateKey }) => stateMapKey(type, stateKey)));
  const unsettled = drawnIn.map((pair) => [stateMapKey(...pair), pair] as const).filter(([key]) => !settled.has(key));
  return [...new Map([...keys, ...unsettled]).values()];
}
