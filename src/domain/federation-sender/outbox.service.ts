import { serverNameOf } from '#kernel/ids';
import type { Clock } from '#kernel/time';
import type { Tx } from '#platform/storage/storage';
import { membershipOf, type Pdu } from '#protocol/events/index';
import type { JoinedServers } from '../membership';
import type { AppendedEvent, AppendParticipant } from '../timeline';
import type { Announced } from './announced.model';
import { OutboxWriter, type OutboxRow } from './outbox.repository';

/**
 * Writes down, with each event that other servers are to be told of, that they are: one row whatever the number of servers,
 * so that sending costs the same in a room of thousands of them.
 */
export class Outbox implements AppendParticipant {
  constructor(
    private readonly serverName: string,
    private readonly servers: Pick<JoinedServers, 'isAlone'>,
    private readonly announced: Pick<Announced, 'has'>,
    private readonly onAdded: (rows: readonly OutboxRow[]) => void,
    private readonly now: Clock,
  ) {}

  async eventsAppended(tx: Tx, appended: readonly AppendedEvent[]): Promise<void> {
    const remoteRooms = new Set(
      appended.filter((one) => this.targetOf(one) !== null).map(({ event }) => event.roomNid),
    );
    const rows: OutboxRow[] = [];
    const relayed: number[] = [];
    for (const one of appended) {
      const { nid: eventNid, roomNid, ordinal, eventId, sender } = one.event;
      const isOurs = serverNameOf(sender) === this.serverName;
      if (!isOurs && !this.announced.has(eventId)) continue;
      if (!isOurs) relayed.push(eventNid);
      if (!remoteRooms.has(roomNid) && this.servers.isAlone(roomNid)) continue;
      rows.push({ eventNid, roomNid, ordinal, alsoServer: this.targetOf(one) });
    }
    if (rows.length === 0 && relayed.length === 0) return;
    await new OutboxWriter(tx).add(rows, relayed, this.now());
    tx.afterCommit(() => this.onAdded(rows));
  }

  /** The server of another server's user whose membership changes: by this event they may be out of the room. */
  private targetOf({ event }: AppendedEvent): string | null {
    if (event.type !== 'm.room.member' || event.stateKey === null) return null;
    const server = serverNameOf(event.stateKey);
    // Invites were brought by their own operation already.
    if (server === undefined || server === this.serverName || membershipOf(event.pdu as Pdu) === 'invite') return null;
    return server;
  }
}
