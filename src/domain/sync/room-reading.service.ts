import type { EventViews, ViewOptions } from '#domain/event-views';
import type { RoomInfo } from '#domain/room-state';
import { printPlace } from '#domain/rooms';
import type { StoredEvent } from '#domain/timeline';
import type { StateSection } from './state-section.service';
import type { LeftRoomAnswer, Reading, StateBatch } from './sync.model';
import type { Slice } from './timeline-section.service';

/** What joined and left rooms have in common: a timeline and the state that goes with it, written for the reader. */
export class RoomReading {
  constructor(
    private readonly views: Pick<EventViews, 'forUser' | 'state'>,
    private readonly states: StateSection,
  ) {}

  /**
   * Writes a slice; `limited` also where the client lacks what came before the slice for another reason. `own` are member
   * events of the reader after it, which they are told of whatever they may see of the room.
   */
  async timeline(
    reading: Reading,
    slice: Slice,
    limited: boolean,
    own: readonly StoredEvent[] = [],
  ): Promise<Required<LeftRoomAnswer>['timeline']> {
    const { room } = slice.stretch;
    const options: ViewOptions = { ...viewOptions(reading), bundled: limited };
    const { userId } = reading.requester;
    const events = slice.shown.length === 0 ? [] : await this.views.forUser(userId, room, slice.shown, options);
    if (own.length > 0) events.push(...(await this.views.state(userId, room, own, viewOptions(reading))));
    return { events, limited, prev_batch: printPlace(slice.start - 1) };
  }

  /** The state as stored: all of it for a room that is new to the client, else what changed. */
  stateOf(reading: Reading, slice: Slice, whole: boolean, heroes: readonly string[]): Promise<StoredEvent[]> {
    return whole ? this.states.whole(reading, slice, heroes) : this.states.changes(reading, slice, heroes);
  }

  /** Writes state under the name that the client asked for. */
  async state(
    reading: Reading,
    room: RoomInfo,
    state: readonly StoredEvent[],
  ): Promise<{ state: StateBatch } | { state_after: StateBatch }> {
    const { userId } = reading.requester;
    const events = state.length === 0 ? [] : await this.views.state(userId, room, state, viewOptions(reading));
    return reading.useStateAfter ? { state_after: { events } } : { state: { events } };
  }
}

function viewOptions({ requester, filter }: Reading): ViewOptions {
  const deviceScope = requester.deviceId ?? `token:${requester.tokenId}`;
  return { deviceScope, withoutRoomId: true, project: filter.project, federation: filter.federationFormat };
}
