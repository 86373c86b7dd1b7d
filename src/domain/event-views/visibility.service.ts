import type { AccountData } from '../account-data';
import type { RoomState } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { membershipOf, type Pdu } from '#protocol/events/index';
import { canSee, historyVisibilityOf, type HistoryVisibility } from '#protocol/visibility';
import type { RoomReader, MemberSpans } from './member-history.service';

const TYPE = 'm.room.history_visibility';

/** Decides which events a user may see; nothing else does. Spec: client-server, "Room History Visibility". */
export class Visibility {
  constructor(
    private readonly roomState: Pick<RoomState, 'atEach'>,
    private readonly timeline: Pick<Timeline, 'events'>,
    private readonly accountData: Pick<AccountData, 'ignoredUsers'>,
  ) {}

  /**
   * The events of one room that the reader may see, in their order, without messages of users they ignore. For a joined
   * reader and events since the join, which is nearly always, this reads nothing.
   */
  async visible(reader: RoomReader, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const ignored = await this.accountData.ignoredUsers(reader.userId);
    const shown =
      ignored.size === 0 ? events : events.filter((event) => event.stateKey !== null || !ignored.has(event.sender));
    const { joinedSince } = reader;
    const unclear = shown.filter((event) => joinedSince === undefined || event.ordinal < joinedSince);
    if (unclear.length === 0) return [...shown];
    const refused = await this.refused(reader, unclear);
    return shown.filter((event) => !refused.has(event.nid));
  }

  private async refused(reader: RoomReader, events: readonly StoredEvent[]): Promise<Set<number>> {
    const [spans, settings] = await Promise.all([reader.spans(), this.settings(events)]);
    const refused = events.filter(
      (event) => !isVisible(event, settings.get(event.snapshotBefore)!, reader.userId, spans),
    );
    return new Set(refused.map((event) => event.nid));
  }

  /** The history visibility in force before events, by snapshot; many events share few snapshots. */
  private async settings(events: readonly StoredEvent[]): Promise<Map<number, HistoryVisibility>> {
    const snapshots = [...new Set(events.map((event) => event.snapshotBefore))];
    const nids = await this.roomState.atEach(snapshots, TYPE, '');
    const setters = await this.timeline.events([...new Set(nids.values())]);
    const byNid = new Map(setters.map((event) => [event.nid, event.pdu as Pdu]));
    return new Map(snapshots.map((snapshot) => [snapshot, historyVisibilityOf(byNid.get(nids.get(snapshot) ?? 0))]));
  }
}

function isVisible(event: StoredEvent, visibility: HistoryVisibility, userId: string, spans: MemberSpans): boolean {
  const pdu = event.pdu as Pdu;
  return canSee({
    visibility,
    ...(event.type === TYPE && event.stateKey === '' ? { visibilityAfter: historyVisibilityOf(pdu) } : {}),
    membership: spans.before(event.ordinal),
    ...(event.type === 'm.room.member' && event.stateKey === userId
      ? { membershipAfter: membershipOf(pdu) ?? 'leave' }
      : {}),
    joinedLater: spans.joinedAfter(event.ordinal),
  });
}
