import { serverNameOf } from '#kernel/ids';
import { membershipOf, redactEvent, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { canServerSee, historyVisibilityOf } from '#protocol/visibility';
import type { RoomInfo, RoomState } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { readable } from './event-form.service';
import type { OutgoingEvent } from './federation-reads.model';

const VISIBILITY = 'm.room.history_visibility';
const MEMBER = 'm.room.member';
const RESTRICTED: ReadonlySet<string> = new Set(['joined', 'invited']);

/** What a server's users had at a state. */
interface Presence {
  readonly hadJoinedUser: boolean;
  readonly hadInvitedUser: boolean;
}

/** Decides which events a server may have whole; the others it gets redacted. SECURITY: row 5. */
export class ServerVisibility {
  constructor(
    private readonly roomState: Pick<RoomState, 'atEach' | 'atAll'>,
    private readonly timeline: Pick<Timeline, 'events'>,
  ) {}

  /**
   * The events in their order, redacted where the server may not see them or a redaction is in force. State events of a
   * room that the server is in are its business whatever the history visibility; messages are not.
   */
  async visibleToServer(server: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<OutgoingEvent[]> {
    const settings = await this.settings(events);
    const presences = new Map<number, Presence>();
    const version = roomVersion(room.version);
    const shown: OutgoingEvent[] = [];
    for (const event of events) {
      const setter = settings.get(event.snapshotBefore);
      const isVisible =
        serverNameOf(event.sender) === server ||
        event.stateKey !== null ||
        event.snapshotBefore < 0 ||
        !RESTRICTED.has(historyVisibilityOf(setter)) ||
        canServerSee({
          visibility: historyVisibilityOf(setter),
          ...(await this.presence(presences, server, event.snapshotBefore)),
        });
      const { nid, eventId, originServerTs } = event;
      const pdu = readable(room, event);
      shown.push({ nid, eventId, originServerTs, pdu: isVisible ? pdu : redactEvent(version, pdu) });
    }
    return shown;
  }

  /** The history visibility before events, by snapshot; many events share few. */
  private async settings(events: readonly StoredEvent[]): Promise<Map<number, Pdu>> {
    const snapshots = [...new Set(events.map((event) => event.snapshotBefore))].filter((nid) => nid > 0);
    const nids = await this.roomState.atEach(snapshots, VISIBILITY, '');
    const setters = await this.timeline.events([...new Set(nids.values())]);
    const byNid = new Map(setters.map((event) => [event.nid, event.pdu as Pdu]));
    return new Map(
      [...nids].flatMap(([snapshot, nid]) => (byNid.has(nid) ? [[snapshot, byNid.get(nid)!] as const] : [])),
    );
  }

  /** Read only for rooms that keep their history from those who came later. */
  private async presence(known: Map<number, Presence>, server: string, snapshot: number): Promise<Presence> {
    const before = known.get(snapshot);
    if (before !== undefined) return before;
    const members = (await this.roomState.atAll(snapshot, { types: [MEMBER] })).filter(
      (entry) => serverNameOf(entry.stateKey) === server,
    );
    const states = (await this.timeline.events(members.map((entry) => entry.eventNid))).map((event) =>
      membershipOf(event.pdu as Pdu),
    );
    const presence = { hadJoinedUser: states.includes('join'), hadInvitedUser: states.includes('invite') };
    known.set(snapshot, presence);
    return presence;
  }
}
