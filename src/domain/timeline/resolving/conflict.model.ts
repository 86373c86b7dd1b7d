import { authTypesFor } from '#protocol/auth-rules/index';
import type { RoomVersion } from '#protocol/room-versions';
import type { ResolvableEvent } from '#protocol/state-resolution/index';
import { stateMapKey, type StateEntry, type StateKeyPair } from '../../room-state';
import type { UnstoredEvent } from './resolvable-events.service';
import { ABSENT, type StateView, type Values } from './state-view.model';

/** What a room and most of its events rest on. */
export const CORE_KEYS: readonly StateKeyPair[] = [
  ['m.room.create', ''],
  ['m.room.power_levels', ''],
  ['m.room.join_rules', ''],
];

/** States that do not have the same under some keys. */
export interface Conflict {
  readonly views: readonly StateView[];
  /** What each view has under the keys. */
  readonly states: readonly Values[];
  /** The keys under which they differ. */
  readonly keys: ReadonlyMap<string, StateKeyPair>;
  /** The event without a number that a view may have. */
  readonly own: UnstoredEvent | undefined;
}

/** The conflicted entries of each state. */
export function conflictedEntries({ states, keys }: Pick<Conflict, 'states' | 'keys'>): StateEntry[][] {
  return states.map((state) =>
    [...keys].flatMap(([key, [type, stateKey]]) => {
      const eventNid = state.get(key) ?? ABSENT;
      return eventNid === ABSENT ? [] : [{ type, stateKey, eventNid }];
    }),
  );
}

/** The entries by which the resolution may judge events: their own auth types, and the room's rules. */
export function keysThatJudge(version: RoomVersion, events: readonly Pick<ResolvableEvent, 'pdu'>[]): StateKeyPair[] {
  const keys = [...CORE_KEYS, ...events.flatMap(({ pdu }) => authTypesFor(version, pdu))];
  return [...new Map(keys.map((pair) => [stateMapKey(...pair), pair])).values()];
}

/** The keys under which events stand in a state. */
export function ownKeys(events: readonly Pick<ResolvableEvent, 'pdu'>[]): StateKeyPair[] {
  return events.flatMap(({ pdu }): StateKeyPair[] => (pdu.state_key === undefined ? [] : [[pdu.type, pdu.state_key]]));
}
