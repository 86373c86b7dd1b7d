import type { Reader, Tx } from '#platform/storage/storage';
import type { SnapshotId } from '../../room-state';

/** The states that an event of a room's graph refers to. */
export interface EventStates {
  readonly nid: number;
  readonly type: string;
  readonly stateKey: string | null;
  /** What held the event's key in the state before it. */
  readonly replaces: number | null;
  readonly ordinal: number | null;
  readonly before: SnapshotId;
  readonly after: SnapshotId;
  readonly current: SnapshotId;
  readonly rejected: boolean;
}

interface StatesRow {
  readonly nid: number;
  readonly type: string;
  readonly state_key: string | null;
  readonly replaces_nid: number | null;
  readonly ordinal: number | null;
  readonly snapshot_before: number;
  readonly snapshot_after: number;
  readonly current_before: number;
  readonly rejected: number;
}

/** Which states a room's events refer to: read and written anew when those states were made again. */
export class RestatedEventsReader {
  constructor(protected readonly reader: Reader) {}

  /** The redactions that a room shows, older ones first. */
  async redactionsShown(roomNid: number): Promise<number[]> {
    const sql = `SELECT nid FROM events WHERE room_nid = ? AND type = 'm.room.redaction' AND ordinal IS NOT NULL
      ORDER BY stream_pos, nid`;
    return (await this.reader.all<{ nid: number }>(sql, [roomNid])).map((row) => row.nid);
  }

  /** All events of a room's graph, older ones first. */
  async ofRoom(roomNid: number): Promise<EventStates[]> {
    const sql = `SELECT nid, type, state_key, replaces_nid, ordinal, snapshot_before, snapshot_after, current_before, rejected
      FROM events WHERE room_nid = ? AND snapshot_before >= 0 ORDER BY stream_pos, nid`;
    return (await this.reader.all<StatesRow>(sql, [roomNid])).map((row) => ({
      nid: row.nid,
      type: row.type,
      stateKey: row.state_key,
      replaces: row.replaces_nid,
      ordinal: row.ordinal,
      before: row.snapshot_before,
      after: row.snapshot_after,
      current: row.current_before,
      rejected: row.rejected === 1,
    }));
  }
}

type Restated = Pick<EventStates, 'nid' | 'before' | 'after' | 'current' | 'replaces'>;

export class RestatedEventsWriter {
  constructor(private readonly tx: Tx) {}

  async restate({ nid, before, after, current, replaces }: Restated): Promise<void> {
    const sql = `UPDATE events SET snapshot_before = ?, snapshot_after = ?, current_before = ?, replaces_nid = ?
      WHERE nid = ?`;
    await this.tx.run(sql, [before, after, current, replaces, nid]);
  }

  /** An event that was taken in and is refused after all: it has no place any more. */
  async reject(nid: number): Promise<void> {
    const sql = 'UPDATE events SET rejected = 1, soft_failed = 0, ordinal = NULL WHERE nid = ?';
    await this.tx.run(sql, [nid]);
  }

  /** Which redaction an event is redacted by; undefined: by none. */
  async redactedBy(nid: number, by: number | undefined): Promise<void> {
    await this.tx.run('UPDATE events SET redacted_by_nid = ? WHERE nid = ?', [by ?? null, nid]);
  }
}
