import type { AccountDataEntry } from '#domain/account-data';
import type { ReceiptContent } from '#domain/receipts';
import type { Timeline } from '#domain/timeline';
import { eventOf, type AccountDataSection } from './account-data-section.service';
import { hasReceiptOf, type EphemeralSection } from './ephemeral-section.service';
import { inTurns } from './in-turns.model';
import type { RoomReading } from './room-reading.service';
import { isNewToClient, type RoomTask } from './room-task.model';
import type { SummarySection } from './summary-section.service';
import type { JoinedRoomAnswer, Reading } from './sync.model';
import type { Slice, Stretch, TimelineSection } from './timeline-section.service';
import type { UnreadSection } from './unread-section.service';

const NONE: ReadonlySet<number> = new Set();

/** A joined room's answer with what it was made from, for the sections that look at who came and went. */
export interface JoinedRoom {
  readonly task: RoomTask;
  readonly isNew: boolean;
  readonly slice: Slice;
  readonly answer: JoinedRoomAnswer;
}

/** What is read for all rooms together. */
interface Shared {
  readonly receipts: ReadonlyMap<number, ReceiptContent>;
  readonly accountData: ReadonlyMap<string, readonly AccountDataEntry[]>;
  readonly changed: ReadonlySet<number>;
  /** Rooms that the client has seen otherwise than they are. */
  readonly restated: ReadonlySet<number>;
}

/** The rooms that the user is in: those with news, and all in a first sync. */
export class JoinedRooms {
  constructor(
    private readonly timeline: Pick<Timeline, 'changedRooms' | 'ordinalAt' | 'restatedRooms'>,
    private readonly sections: {
      readonly timeline: TimelineSection;
      readonly reading: RoomReading;
      readonly summary: SummarySection;
      readonly ephemeral: EphemeralSection;
      readonly accountData: AccountDataSection;
      readonly unread: UnreadSection;
    },
  ) {}

  /**
   * Reads the rooms that have something for the client. Rooms without news cost a look into memory.
   * @param accountData changed entries by room id
   */
  async read(
    reading: Reading,
    tasks: readonly RoomTask[],
    accountData: ReadonlyMap<string, readonly AccountDataEntry[]>,
  ): Promise<JoinedRoom[]> {
    const { since, until } = reading.window;
    const nids = tasks.map((task) => task.room.nid);
    const restated = since === undefined ? NONE : await this.timeline.restatedRooms.between(nids, since, until);
    const changed = new Set(since === undefined ? nids : await this.timeline.changedRooms(nids, since));
    const candidates = tasks.filter(
      (task) =>
        reading.fullState ||
        isNewToClient(task, since) ||
        changed.has(task.room.nid) ||
        restated.has(task.room.nid) ||
        accountData.has(task.room.roomId) ||
        this.sections.ephemeral.mayHaveChanged(reading, task.room.roomId),
    );
    if (candidates.length === 0) return [];
    const shared = { ...(await this.shared(reading, candidates, accountData)), changed, restated };
    const rooms = await inTurns(candidates, (task) => this.room(reading, task, shared));
    return rooms.filter((room) => reading.fullState || room.isNew || hasNews(room.answer));
  }

  private async shared(
    reading: Reading,
    tasks: readonly RoomTask[],
    changedData: ReadonlyMap<string, readonly AccountDataEntry[]>,
  ): Promise<Omit<Shared, 'changed' | 'restated'>> {
    const { since } = reading.window;
    const [fresh, known] = [
      tasks.filter((task) => isNewToClient(task, since)).map((task) => task.room),
      tasks.filter((task) => !isNewToClient(task, since)).map((task) => task.room),
    ];
    const [receipts] = await Promise.all([
      this.sections.ephemeral.receiptsOf(reading, known, fresh),
      this.sections.unread.prepare(reading, fresh),
    ]);
    if (since === undefined || fresh.length === 0) return { receipts, accountData: changedData };
    const all = await this.sections.accountData.ofNewRooms(reading);
    const accountData = new Map(changedData);
    for (const { roomId } of fresh) if (all.has(roomId)) accountData.set(roomId, all.get(roomId)!);
    return { receipts, accountData };
  }

  private async room(reading: Reading, task: RoomTask, shared: Shared): Promise<JoinedRoom> {
    const { room } = task;
    const isNew = isNewToClient(task, reading.window.since);
    // A limited timeline has the client let go of the events that it holds.
    const isAnew = !isNew && shared.restated.has(room.nid);
    const whole = isNew || isAnew || reading.fullState;
    const slice = await this.slice(reading, task, shared);
    const summary =
      whole || this.sections.summary.changedIn(slice)
        ? await this.sections.summary.read(reading.requester.userId, room)
        : {};
    const state = await this.sections.reading.stateOf(reading, slice, whole, summary['m.heroes'] ?? []);
    const receipts = shared.receipts.get(room.nid);
    const recount = whole || hasCounted(reading, slice) || hasReceiptOf(receipts, reading.requester.userId);
    const answer: JoinedRoomAnswer = {
      summary,
      timeline: await this.sections.reading.timeline(reading, slice, slice.limited || isAnew),
      ...(await this.sections.reading.state(reading, room, state)),
      ephemeral: { events: this.sections.ephemeral.eventsOf(reading, room, receipts, isNew) },
      account_data: { events: (shared.accountData.get(room.roomId) ?? []).map(eventOf) },
      ...(recount ? await this.sections.unread.read(reading, room) : {}),
    };
    return { task, isNew: isNew || isAnew, slice, answer };
  }

  private async slice(reading: Reading, task: RoomTask, shared: Shared): Promise<Slice> {
    const { room } = task;
    const upTo = await this.timeline.ordinalAt(room, reading.window.until);
    const stretch: Stretch = { room, after: await this.start(reading, task, shared, upTo), upTo };
    return this.sections.timeline.read(reading, stretch);
  }

  /**
   * After which event the timeline may begin. What was served before is not served again, except of a room that is served
   * anew: for a room that the user came back to, that is everything up to the departure.
   */
  private async start(
    { window: { since } }: Reading,
    task: RoomTask,
    { changed, restated }: Shared,
    upTo: number,
  ): Promise<number | undefined> {
    const { room, standing } = task;
    if (since === undefined) return undefined;
    const isNew = isNewToClient(task, since);
    if (isNew && !standing!.wasJoined) return standing!.toldDeparture?.ordinal;
    if (!isNew && restated.has(room.nid)) return undefined;
    return isNew || changed.has(room.nid) ? this.timeline.ordinalAt(room, since) : upTo;
  }
}

/** Whether the slice can have changed what is unread: events that the filter hides count too, those of ignored users do not. */
function hasCounted({ filter }: Reading, slice: Slice): boolean {
  return slice.shown.length > 0 || (!filter.timeline.passesAll && slice.scanned.length > 0);
}

function hasNews(answer: JoinedRoomAnswer): boolean {
  return (
    answer.timeline!.limited ||
    answer.unread_notifications !== undefined ||
    [answer.timeline, answer.state, answer.state_after, answer.ephemeral, answer.account_data].some(
      (batch) => batch !== undefined && batch.events.length > 0,
    )
  );
}
