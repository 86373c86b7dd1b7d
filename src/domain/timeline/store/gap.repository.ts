import type { Reader, Tx } from '#platform/storage/storage';

/** An event of the room's order that follows one which this server lacks. */
export interface Gap {
  readonly eventNid: number;
  readonly missingId: string;
}

/** Reads where a room's history has gaps. */
export class GapReader {
  constructor(private readonly reader: Reader) {}

  async gaps(roomNid: number): Promise<Gap[]> {
    const sql = 'SELECT event_nid, missing_id FROM room_gaps WHERE room_nid = ?';
    const rows = await this.reader.all<{ event_nid: number; missing_id: string }>(sql, [roomNid]);
    return rows.map((row) => ({ eventNid: row.event_nid, missingId: row.missing_id }));
  }

  /** The shown events of a room that follow a missing event, by its id. */
  async followersOf(roomNid: number, missingId: string): Promise<number[]> {
    const sql = `SELECT g.event_nid FROM room_gaps g WHERE g.missing_id = ? AND g.room_nid = ?`;
    return (await this.reader.all<{ event_nid: number }>(sql, [missingId, roomNid])).map((row) => row.event_nid);
  }
}

/** Opens and closes gaps. */
export class GapWriter extends GapReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** Two hidden events may lead from the same shown one to the same gap. */
  async open(roomNid: number, gaps: readonly Gap[]): Promise<void> {
    for (const { eventNid, missingId } of gaps) {
      const row = { room_nid: roomNid, event_nid: eventNid, missing_id: missingId };
      await this.tx.insertIgnore('room_gaps', ['room_nid', 'event_nid', 'missing_id'], row);
    }
  }

  /** An event that was missing is there: its followers follow it. */
  async close(roomNid: number, missingId: string, eventNid: number): Promise<void> {
    const followers = await this.followersOf(roomNid, missingId);
    if (followers.length === 0) return;
    await this.tx.insert(
      'event_edges',
      followers.map((follower) => ({ event_nid: follower, prev_nid: eventNid })),
    );
    await this.tx.run('DELETE FROM room_gaps WHERE missing_id = ? AND room_nid = ?', [missingId, roomNid]);
  }
}
