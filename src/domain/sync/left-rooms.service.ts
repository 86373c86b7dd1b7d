import type { AccountDataEntry } from '#domain/account-data';
import type { StoredEvent, Timeline } from '#domain/timeline';
import { isAfter } from '#platform/storage/storage';
import { eventOf } from './account-data-section.service';
import { inTurns } from './in-turns.model';
import type { RoomReading } from './room-reading.service';
import type { RoomTask } from './room-task.model';
import type { Standing } from './standing.service';
import type { LeftRoomAnswer, Reading } from './sync.model';
import type { Slice, TimelineSection } from './timeline-section.service';

/** A left room's answer with the slice it was made from. */
export interface LeftRoom {
  readonly task: RoomTask;
  readonly slice: Slice;
  readonly answer: LeftRoomAnswer;
}

/**
 * The rooms that the user left, was removed from or did not enter after all: told once, up to the departure and not an
 * event further, whatever the room's visibility.
 */
export class LeftRooms {
  constructor(
    private readonly timeline: Pick<Timeline, 'ordinalAt'>,
    private readonly sections: { readonly timeline: TimelineSection; readonly reading: RoomReading },
  ) {}

  /** @param accountData changed entries by room id */
  read(
    reading: Reading,
    tasks: readonly RoomTask[],
    accountData: ReadonlyMap<string, readonly AccountDataEntry[]>,
  ): Promise<LeftRoom[]> {
    return inTurns(tasks, async (task) => {
      const left = await this.room(reading, task, task.standing!);
      left.answer.account_data = { events: (accountData.get(task.room.roomId) ?? []).map(eventOf) };
      return left;
    });
  }

  private async room(reading: Reading, task: RoomTask, standing: Standing): Promise<LeftRoom> {
    const { departure } = standing;
    const { since } = reading.window;
    const told = departure === undefined || (since !== undefined && !isAfter(departure.position, since));
    const slice = told ? emptySlice(task, standing.event) : await this.upTo(reading, task, standing, departure);
    // A departure that was told before, and a stay that never was: then there is no state to show.
    const whole = !standing.wasJoined || reading.fullState;
    const state = told ? [] : await this.sections.reading.stateOf(reading, slice, whole, []);
    const own = ownEvents(reading, standing, told);
    return {
      task,
      slice,
      answer: {
        timeline: await this.sections.reading.timeline(reading, slice, slice.limited, own),
        ...(await this.sections.reading.state(reading, task.room, state)),
      },
    };
  }

  private async upTo(reading: Reading, { room }: RoomTask, standing: Standing, departure: StoredEvent): Promise<Slice> {
    const { since } = reading.window;
    const isKnown = since !== undefined && standing.wasJoined;
    const after = isKnown ? await this.timeline.ordinalAt(room, since) : standing.toldDeparture?.ordinal;
    return this.sections.timeline.read(reading, { room, after, upTo: departure.ordinal });
  }
}

/** The user's own member events after the departure; of a user who never was inside, only the last one. */
function ownEvents({ window }: Reading, standing: Standing, told: boolean): StoredEvent[] {
  if (standing.departure === undefined) return [standing.event];
  const { since } = window;
  return standing.sinceDeparture.filter(
    (event) =>
      event.ordinal <= standing.event.ordinal &&
      (!told || event === standing.event || (since !== undefined && isAfter(event.position, since))),
  );
}

function emptySlice({ room }: RoomTask, event: StoredEvent): Slice {
  const stretch = { room, after: event.ordinal - 1, upTo: event.ordinal - 1 };
  return { stretch, shown: [], scanned: [], complete: true, limited: false, start: event.ordinal };
}
