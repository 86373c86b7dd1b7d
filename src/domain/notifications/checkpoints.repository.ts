import { inList, type Reader, type Tx } from '#platform/storage/storage';
import { Checkpoint } from './checkpoint.model';
import type { CheckpointState, UnreadEvent } from './notifications.model';

interface CheckpointRow {
  readonly room_nid: number;
  readonly judged_to: number;
  readonly away: number;
  readonly unread: string;
}

type CompactEvent = [ordinal: number, eventId: string, thread: string, highlight: 0 | 1];

export class CheckpointsReader {
  constructor(protected readonly reader: Reader) {}

  /** A user's checkpoints in some rooms, by room number. */
  async of(userId: string, roomNids: readonly number[]): Promise<Map<number, Checkpoint>> {
    const rooms = inList(roomNids);
    const rows = await this.reader.all<CheckpointRow>(
      `SELECT room_nid, judged_to, away, unread FROM notification_checkpoints
       WHERE user_id = ? AND room_nid IN ${rooms.sql}`,
      [userId, ...rooms.params],
    );
    return new Map(rows.map((row) => [row.room_nid, toCheckpoint(row)]));
  }
}

/** Rows removed by one statement. */
const AT_ONCE = 500;

export class CheckpointsWriter extends CheckpointsReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  save(userId: string, roomNid: number, state: CheckpointState): Promise<void> {
    const unread = state.unread.map((event): CompactEvent => [
      event.ordinal,
      event.eventId,
      event.thread,
      event.highlight ? 1 : 0,
    ]);
    return this.tx.upsert('notification_checkpoints', ['user_id', 'room_nid'], {
      user_id: userId,
      room_nid: roomNid,
      judged_to: state.judgedTo,
      away: state.away ? 1 : 0,
      unread: JSON.stringify(unread),
    });
  }

  async remove(userIds: readonly string[], roomNid: number): Promise<void> {
    for (let i = 0; i < userIds.length; i += AT_ONCE) {
      const users = inList(userIds.slice(i, i + AT_ONCE));
      const sql = `DELETE FROM notification_checkpoints WHERE room_nid = ? AND user_id IN ${users.sql}`;
      await this.tx.run(sql, [roomNid, ...users.params]);
    }
  }
}

function toCheckpoint(row: CheckpointRow): Checkpoint {
  const unread = (JSON.parse(row.unread) as CompactEvent[]).map(
    ([ordinal, eventId, thread, highlight]): UnreadEvent => ({ ordinal, eventId, thread, highlight: highlight === 1 }),
  );
  return new Checkpoint({ judgedTo: row.judged_to, away: row.away === 1, unread });
}
