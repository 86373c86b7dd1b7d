import type { Membership, RoomMembership } from '#domain/membership';
import type { RoomState } from '#domain/room-state';
import { isAfter } from '#platform/storage/storage';
import { inTurns } from './in-turns.model';
import type { RoomTask } from './room-task.model';
import type { Standing, Standings } from './standing.service';
import type { Reading, Window } from './sync.model';

/** A user's rooms by the section of the answer that they belong to. */
export interface RoomTasks {
  readonly joined: RoomTask[];
  readonly left: RoomTask[];
  readonly invited: RoomTask[];
  readonly knocked: RoomTask[];
  /** Memberships in rooms that this server is not in, with news for the reader. */
  readonly outOfBand: RoomMembership[];
}

type Section = Exclude<keyof RoomTasks, 'outOfBand'>;

/** Sorts a user's rooms by where the user stands at the window's end. Looks closer only at rooms where that changed. */
export class RoomSorter {
  constructor(
    private readonly membership: Pick<Membership, 'allOf'>,
    private readonly roomState: Pick<RoomState, 'infoByNid'>,
    private readonly standings: Standings,
  ) {}

  async sort(reading: Reading): Promise<RoomTasks> {
    const rows = await this.membership.allOf(reading.requester.userId);
    const allowed = rows.filter((row) => !row.forgotten && reading.filter.allowsRoom(row.roomId));
    const wanted = allowed.filter((row) => row.outOfBand !== true);
    const changed = new Map<number, Standing | undefined>();
    const unclear = wanted.filter((row) => isUnclear(row, reading));
    const standings = await inTurns(unclear, (row) => this.standings.of(row, reading.window));
    unclear.forEach((row, index) => changed.set(row.roomNid, standings[index]));
    const rooms = await this.roomState.infoByNid(wanted.map((row) => row.roomNid));
    const outOfBand = allowed.filter((row) => row.outOfBand === true && isShownFromAfar(row, reading));
    const tasks: RoomTasks = { joined: [], left: [], invited: [], knocked: [], outOfBand };
    for (const row of wanted) {
      const standing = changed.get(row.roomNid);
      const room = rooms.get(row.roomNid);
      if (room === undefined || (changed.has(row.roomNid) && standing === undefined)) continue;
      const section = sectionOf(row, standing, reading);
      if (section !== undefined) tasks[section].push({ room, row, standing });
    }
    return tasks;
  }
}

/** Whether the row does not say all: it is news, newer than the window, or of a room left that is shown whole. */
function isUnclear(row: RoomMembership, { window, filter, fullState }: Reading): boolean {
  if (isAfter(row.position, window.since ?? window.until)) return true;
  const whole = window.since === undefined || fullState;
  return whole && filter.includeLeave && isOutside(row.membership);
}

function sectionOf(row: RoomMembership, standing: Standing | undefined, reading: Reading): Section | undefined {
  const membership = standing?.membership ?? row.membership;
  const { since } = reading.window;
  const isNews = standing !== undefined && isNewIn(standing, reading.window);
  if (membership === 'join') return 'joined';
  if (isOutside(membership)) {
    const whole = since === undefined || reading.fullState;
    return (since !== undefined && isNews) || (whole && reading.filter.includeLeave) ? 'left' : undefined;
  }
  // An invite that was answered after the window is not shown any more.
  if (standing !== undefined && standing.event.nid !== row.eventNid) return undefined;
  if (since !== undefined && !isNews && !reading.fullState) return undefined;
  return membership === 'invite' ? 'invited' : 'knocked';
}

function isShownFromAfar({ position, membership }: RoomMembership, { window, fullState, filter }: Reading): boolean {
  if (isAfter(position, window.until)) return false;
  const { since } = window;
  if (since !== undefined && isAfter(position, since)) return true;
  return (since === undefined || fullState) && (!isOutside(membership) || filter.includeLeave);
}

function isNewIn(standing: Standing, { since }: Window): boolean {
  return since === undefined || isAfter(standing.event.position, since);
}

function isOutside(membership: string): boolean {
  return membership === 'leave' || membership === 'ban';
}
