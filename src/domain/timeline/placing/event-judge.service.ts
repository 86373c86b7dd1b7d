import { ForbiddenError } from '#kernel/errors';
import {
  authTypesFor,
  checkAuth,
  checkAuthEvents,
  powerLevels,
  redactionTakesEffect,
  type AuthEvent,
} from '#protocol/auth-rules/index';
import { isCreateEvent, type InspectedEvent, type Pdu } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import { stateMapKey, type RoomState, type SnapshotId, type StateKeyPair } from '../../room-state';
import type { EventStore } from '../store/event-store.service';
import type { Entries } from './judging.model';
import type { StateBase } from '../heads/prepared-event.model';
import type { StoredEvent } from '../timeline.model';

/** Why an event is not allowed; undefined when it is. */
type Verdict = ForbiddenError | undefined;

/** Applies the authorisation rules to events from elsewhere. Spec: server-server, "Checks performed on receipt of a PDU". */
export class EventJudge {
  constructor(
    private readonly rooms: RoomState,
    private readonly events: EventStore,
  ) {}

  /** Check 4: by the events that it names as its authority, whatever the state. */
  byAuthEvents(
    version: RoomVersion,
    { pdu }: Pick<InspectedEvent, 'pdu'>,
    authEvents: readonly AuthEvent[],
    create: AuthEvent | undefined,
  ): Verdict {
    const entries = new Map<string, Pdu>();
    for (const { pdu: auth } of authEvents) entries.set(stateMapKey(auth.type, auth.state_key ?? ''), auth);
    return verdict(() => {
      checkAuthEvents(version, pdu, authEvents, create);
      // Before version 12 an event names the create event itself, and is judged by that one, whatever else is there.
      const beginning = version.createEventIsRoomId ? create?.pdu : undefined;
      checkAuth(version, pdu, (type, key) => entries.get(stateMapKey(type, key)), beginning);
    });
  }

  /** Checks 5 and 6: by a state. */
  byState(version: RoomVersion, pdu: Pdu, entries: Entries, create: Pdu | undefined): Verdict {
    return verdict(() => checkAuth(version, pdu, (type, key) => entries.get(stateMapKey(type, key)), create));
  }

  /** The entries of a state that judge an event, and the event under its own key. One or two statements. */
  async entriesFor(version: RoomVersion, pdu: Pdu, base: StateBase): Promise<Map<string, StoredEvent>> {
    const keys = this.keysFor(version, pdu);
    if (pdu.state_key !== undefined) keys.push([pdu.type, pdu.state_key]);
    const nids = await this.rooms.atMany(base.node?.nid ?? 0, keys);
    const wanted = new Set(keys.map((pair) => stateMapKey(...pair)));
    for (const { type, stateKey, eventNid } of base.changes) {
      const key = stateMapKey(type, stateKey);
      if (wanted.has(key)) nids.set(key, eventNid);
    }
    const found = await this.events.events([...nids.values()].filter((nid) => nid !== 0));
    const byNid = new Map(found.map((event) => [event.nid, event]));
    return new Map([...nids].flatMap(([key, nid]) => (byNid.has(nid) ? [[key, byNid.get(nid)!] as const] : [])));
  }

  /** The entries that can matter to an event. */
  keysFor(version: RoomVersion, pdu: Pdu): StateKeyPair[] {
    return [['m.room.create', ''], ['m.room.power_levels', ''], ...authTypesFor(version, pdu)];
  }

  /** Whether a redaction takes its target, by the power of its sender in the state before it. */
  async redacts(version: RoomVersion, redaction: Pdu, target: Pdu, before: StateBase | SnapshotId): Promise<boolean> {
    const base: StateBase =
      typeof before === 'number' ? { node: await this.rooms.snapshots.node(before), changes: [] } : before;
    const entries = await this.entriesFor(version, redaction, base);
    const create = entries.get(stateMapKey('m.room.create', ''))?.pdu as Pdu | undefined;
    if (create === undefined || isCreateEvent(target)) return false;
    const levels = entries.get(stateMapKey('m.room.power_levels', ''))?.pdu as Pdu | undefined;
    return redactionTakesEffect(version, redaction, target, powerLevels(version, create, levels));
  }
}

function verdict(check: () => void): Verdict {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof ForbiddenError) return error;
    throw error;
  }
}
