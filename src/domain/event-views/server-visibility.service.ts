import { LRUCache } from 'lru-cache';
import { serverNameOf } from '#kernel/ids';
import { atMost } from '#platform/cache/at-most';
import { membershipOf, redactEvent, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { canServerSee, historyVisibilityOf } from '#protocol/visibility';
import type { RoomInfo, RoomState, StateEntry } from '../room-state';
import { UNKNOWN_STATE, type StoredEvent, type Timeline } from '../timeline';
import type { OutgoingEvent } from './federation-reads.model';

const VISIBILITY = 'm.room.history_visibility';
const MEMBER = 'm.room.member';

/** What memberships a server's users had in a state. */
type Standing = ReadonlySet<string | undefined>;

/** Numbers of member events by server. */
type Members = ReadonlyMap<string, readonly number[]>;

/** Which events of a room a server that is in it may read. Spec: client-server, "Room History Visibility". SECURITY: row 5. */
export class ServerVisibility {
  /** By snapshot and server: states never change, and events share them. */
  private readonly standings = new LRUCache<string, Standing>(atMost(20_000));

  /** Of the newest states alone: they are large. */
  private readonly members = new LRUCache<number, Promise<Members>>({ max: 16 });

  constructor(
    private readonly rooms: Pick<RoomState, 'atAll' | 'atEach'>,
    private readonly timeline: Pick<Timeline, 'events'>,
  ) {}

  /** The events in the form in which the server may have them, in order: redacted where it must not see the content. */
  async shown(server: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<OutgoingEvent[]> {
    const version = roomVersion(room.version);
    const settings = await this.settings(events);
    const outgoing: OutgoingEvent[] = [];
    for (const event of events) {
      const isShown = await this.canSee(server, event, settings.get(event.snapshotBefore));
      const hidden = !isShown || event.redactedByNid !== null;
      outgoing.push(hidden ? { ...event, pdu: redactEvent(version, event.pdu as Pdu) } : event);
    }
    return outgoing;
  }

  private async canSee(server: string, event: StoredEvent, setting: StoredEvent | undefined): Promise<boolean> {
    // State is what the room is; without it nobody could judge its events.
    if (event.stateKey !== null || serverNameOf(event.sender) === server) return true;
    const visibility = historyVisibilityOf(setting?.pdu as Pdu | undefined);
    if (visibility === 'shared' || visibility === 'world_readable') return true;
    const standing = await this.standing(server, event.snapshotBefore);
    return canServerSee({
      visibility,
      hadJoinedUser: standing.has('join'),
      hadInvitedUser: standing.has('invite'),
    });
  }

  private async standing(server: string, snapshot: number): Promise<Standing> {
    const key = `${snapshot} ${server}`;
    const known = this.standings.get(key);
    if (known !== undefined) return known;
    const own = (await this.membersAt(snapshot)).get(server) ?? [];
    const standing = new Set((await this.timeline.events(own)).map((event) => membershipOf(event.pdu as Pdu)));
    this.standings.set(key, standing);
    return standing;
  }

  /** The member events of a state by server: read once for all servers that an event is sent to. */
  private membersAt(snapshot: number): Promise<Members> {
    const known = this.members.get(snapshot);
    if (known !== undefined) return known;
    const read = this.rooms.atAll(snapshot, { types: [MEMBER] }).then(byServer);
    this.members.set(snapshot, read);
    read.catch(() => this.members.delete(snapshot));
    return read;
  }

  /** The events that set the history visibility before others, by snapshot. */
  private async settings(events: readonly StoredEvent[]): Promise<Map<number, StoredEvent>> {
    const snapshots = [...new Set(events.map((event) => event.snapshotBefore))].filter((nid) => nid !== UNKNOWN_STATE);
    const nids = await this.rooms.atEach(snapshots, VISIBILITY, '');
    const setters = await this.timeline.events([...new Set(nids.values())]);
    const byNid = new Map(setters.map((event) => [event.nid, event]));
    return new Map(
      [...nids].flatMap(([snapshot, nid]) => (byNid.has(nid) ? [[snapshot, byNid.get(nid)!] as const] : [])),
    );
  }
}

function byServer(entries: readonly StateEntry[]): Members {
  const members = new Map<string, number[]>();
  for (const { stateKey, eventNid } of entries) {
    const server = serverNameOf(stateKey) ?? '';
    const known = members.get(server);
    if (known === undefined) members.set(server, [eventNid]);
    else known.push(eventNid);
  }
  return members;
}
