import { stateMapKey, type RoomInfo, type RoomState, type SnapshotId, type StateEntry } from '#domain/room-state';
import type { StoredEvent, Timeline } from '#domain/timeline';
import type { SentMembers } from './sent-members.service';
import type { Reading } from './sync.model';
import { subjectOf, type Slice } from './timeline-section.service';

const MEMBER = 'm.room.member';

/** The state that goes with a slice of the timeline. All answers hold events as stored, in the room's order. */
export class StateSection {
  constructor(
    private readonly roomState: Pick<RoomState, 'atAll' | 'atMany' | 'changedBetween'>,
    private readonly timeline: Pick<Timeline, 'events' | 'range' | 'snapshotAfter'>,
    private readonly sent: SentMembers,
  ) {}

  /**
   * The whole state at the start of the slice (with `use_state_after`: at its end), with what changed later otherwise than by
   * events that are shown, such as the state of a room that a join brought from another server: it would reach the client in
   * no other way. Lazy loading leaves out members but the reader, the senders shown and `heroes`.
   */
  async whole(reading: Reading, slice: Slice, heroes: readonly string[]): Promise<StoredEvent[]> {
    const { filter, requester } = reading;
    const base = await this.base(slice, reading.useStateAfter);
    if (base === undefined || !filter.state.allowsRoom(slice.stretch.room.roomId)) return [];
    const lazy = filter.lazyMembers ? new Set([requester.userId, ...heroes, ...sendersOf(slice)]) : undefined;
    const state = await this.entries(base);
    if (!reading.useStateAfter) overlay(state, [...(await this.resolved(slice)), ...hiddenState(slice)]);
    const entries = [...state.values()].filter(
      ({ type, stateKey }) => filter.state.allowsType(type) && (type !== MEMBER || !lazy || lazy.has(stateKey)),
    );
    return this.finish(reading, slice, await this.timeline.events(entries.map((entry) => entry.eventNid)));
  }

  /**
   * What changed between the start of the stretch and the start of the slice (with `use_state_after`: its end), state
   * events that are not shown included. Lazy loading adds the senders shown and `heroes` that the device was not sent.
   */
  async changes(reading: Reading, slice: Slice, heroes: readonly string[]): Promise<StoredEvent[]> {
    if (!reading.filter.state.allowsRoom(slice.stretch.room.roomId)) return [];
    const changed = new Map<string, StoredEvent>();
    const put = (event: StoredEvent): unknown => changed.set(stateMapKey(event.type, event.stateKey!), event);
    if (!slice.complete) (await this.changesBefore(slice)).forEach(put);
    (reading.useStateAfter ? slice.scanned.filter(isState) : hiddenState(slice)).forEach(put);
    (await this.resolved(slice)).forEach(put);
    if (reading.filter.lazyMembers) {
      for (const member of await this.membersShown(reading, slice, heroes)) {
        if (!changed.has(stateMapKey(MEMBER, member.stateKey!))) put(member);
      }
    }
    return this.finish(reading, slice, [...changed.values()]);
  }

  /** Changes of the part of the stretch that the slice did not read, by comparing the states at both its ends. */
  private async changesBefore(slice: Slice): Promise<StoredEvent[]> {
    const { room, after } = slice.stretch;
    const [first] = await this.timeline.range(room, { from: after ?? 0, direction: 'f', limit: 1 });
    const newer = slice.scanned[0]?.currentBefore ?? (await this.base(slice, true));
    if (first === undefined || newer === undefined) return [];
    const entries = await this.roomState.changedBetween(first.currentBefore, newer);
    return this.timeline.events(entries.map((entry) => entry.eventNid));
  }

  /**
   * State that events of the slice brought about without being it: forks that came together. Events of a line, which is
   * the usual case, bring themselves, and nothing is read.
   */
  private async resolved({ scanned, stretch }: Slice): Promise<StoredEvent[]> {
    const [first] = scanned;
    const last = scanned.at(-1);
    if (first === undefined || last === undefined) return [];
    const end = await this.timeline.snapshotAfter(stretch.room, last.ordinal);
    if (isLine(scanned, end)) return [];
    const own = new Set(scanned.map((event) => event.nid));
    const entries = await this.roomState.changedBetween(first.currentBefore, end);
    return this.timeline.events(entries.map((entry) => entry.eventNid).filter((nid) => !own.has(nid)));
  }

  /** Member events of the senders shown and of heroes, unless the device has them. */
  private async membersShown(reading: Reading, slice: Slice, heroes: readonly string[]): Promise<StoredEvent[]> {
    const base = await this.base(slice, reading.useStateAfter);
    const users = [...new Set([...sendersOf(slice), ...heroes])];
    if (base === undefined || users.length === 0) return [];
    const found = await this.roomState.atMany(
      base,
      users.map((userId) => [MEMBER, userId]),
    );
    const { filter, requester, window } = reading;
    const { nid } = slice.stretch.room;
    const missing = users.flatMap((userId) => {
      const eventNid = found.get(stateMapKey(MEMBER, userId));
      if (eventNid === undefined) return [];
      const known = this.sent.knows(deviceKey(requester), nid, userId, eventNid, window.since);
      return known && !filter.redundantMembers ? [] : [eventNid];
    });
    return this.timeline.events(missing);
  }

  /** Applies the filter, sorts, and remembers the members that are sent. */
  private finish(reading: Reading, slice: Slice, events: readonly StoredEvent[]): StoredEvent[] {
    const { state } = reading.filter;
    const kept = events.filter((event) => state.passesAll || state.matches(subjectOf(event)));
    if (reading.filter.lazyMembers) this.remember(reading, slice, kept);
    return kept.sort((a, b) => a.ordinal - b.ordinal);
  }

  private remember(reading: Reading, slice: Slice, state: readonly StoredEvent[]): void {
    const members = new Map<string, number>();
    for (const event of [...state, ...slice.shown]) {
      if (event.type === MEMBER && event.stateKey !== null) members.set(event.stateKey, event.nid);
    }
    this.sent.note(deviceKey(reading.requester), slice.stretch.room.nid, members, reading.window.until);
  }

  /** The state before the first event shown, or after the last event of the stretch. */
  private async base(slice: Slice, atEnd: boolean): Promise<SnapshotId | undefined> {
    const [first] = slice.shown;
    if (!atEnd && first !== undefined) return first.currentBefore;
    const { room, upTo } = slice.stretch;
    const last = slice.scanned.at(-1) ?? (await this.lastOf(room, upTo));
    return last && this.timeline.snapshotAfter(room, last.ordinal);
  }

  private async lastOf(room: RoomInfo, upTo: number): Promise<StoredEvent | undefined> {
    return (await this.timeline.range(room, { from: upTo + 1, direction: 'b', limit: 1 }))[0];
  }

  private async entries(snapshot: SnapshotId): Promise<Map<string, StateEntry>> {
    const entries = await this.roomState.atAll(snapshot);
    return new Map(entries.map((entry) => [stateMapKey(entry.type, entry.stateKey), entry]));
  }
}

/** Whether each state is the one before it and the event itself, up to the state at the end. */
function isLine(events: readonly StoredEvent[], end: SnapshotId): boolean {
  return events.every((event, index) => {
    const { currentBefore, snapshotBefore, snapshotAfter } = event;
    const next = events[index + 1]?.currentBefore ?? end;
    return isState(event) ? currentBefore === snapshotBefore && next === snapshotAfter : next === currentBefore;
  });
}

function overlay(state: Map<string, StateEntry>, events: readonly StoredEvent[]): void {
  for (const { type, stateKey, nid } of events) {
    state.set(stateMapKey(type, stateKey!), { type, stateKey: stateKey!, eventNid: nid });
  }
}

function isState(event: StoredEvent): boolean {
  return event.stateKey !== null;
}

/**
 * State events that were read but are not shown, because the filter or the room's history visibility hides them. Those
 * before the slice's start are in the state there anyway.
 */
function hiddenState({ scanned, shown }: Slice): StoredEvent[] {
  const seen = new Set(shown);
  return scanned.filter((event) => isState(event) && !seen.has(event));
}

/** What sent members are remembered by. Sessions without a device share one memory per token. */
export function deviceKey(requester: Reading['requester']): string {
  return `${requester.userId} ${requester.deviceId ?? requester.tokenId}`;
}

function sendersOf(slice: Slice): string[] {
  return slice.shown.map((event) => event.sender);
}
