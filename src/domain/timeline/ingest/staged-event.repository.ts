import type { Reader, Tx } from '#platform/storage/storage';

/** Events of a room that wait for what one server is asked for. */
export interface StagedLane {
  readonly roomNid: number;
  readonly origin: string;
}

export interface StagedEvent extends StagedLane {
  readonly nid: number;
  readonly eventId: string;
  readonly json: string;
  readonly tries: number;
}

interface StagedRow {
  readonly nid: number;
  readonly room_nid: number;
  readonly event_id: string;
  readonly origin: string;
  readonly json: string;
  readonly tries: number;
}

const STAGED = 'SELECT nid, room_nid, event_id, origin, json, tries FROM staged_events';

/** Reads events that wait for others. */
export class StagedEventReader {
  constructor(private readonly reader: Reader) {}

  /** Events of a room that wait for what a server is asked for, oldest first. */
  async staged({ roomNid, origin }: StagedLane, limit: number): Promise<StagedEvent[]> {
    const sql = `${STAGED} WHERE room_nid = ? AND origin = ? ORDER BY nid LIMIT ?`;
    const rows = await this.reader.all<StagedRow>(sql, [roomNid, origin, limit]);
    return rows.map((row) => ({
      nid: row.nid,
      roomNid: row.room_nid,
      eventId: row.event_id,
      origin: row.origin,
      json: row.json,
      tries: row.tries,
    }));
  }

  async count({ roomNid, origin }: StagedLane): Promise<number> {
    const sql = 'SELECT COUNT(*) AS n FROM staged_events WHERE room_nid = ? AND origin = ?';
    return (await this.reader.get<{ n: number }>(sql, [roomNid, origin]))?.n ?? 0;
  }

  async lanes(): Promise<StagedLane[]> {
    const sql = 'SELECT DISTINCT room_nid, origin FROM staged_events';
    const rows = await this.reader.all<{ room_nid: number; origin: string }>(sql);
    return rows.map(({ room_nid: roomNid, origin }) => ({ roomNid, origin }));
  }
}

/** Writes them. */
export class StagedEventWriter {
  constructor(private readonly tx: Tx) {}

  /** False when it waits already. */
  stage(event: Omit<StagedEvent, 'nid' | 'tries'>, receivedTs: number): Promise<boolean> {
    return this.tx.insertIgnore('staged_events', ['event_id'], {
      nid: this.tx.id('row'),
      room_nid: event.roomNid,
      event_id: event.eventId,
      origin: event.origin,
      json: event.json,
      tries: 0,
      received_ts: receivedTs,
    });
  }

  /** Has an event that waits already wait in another server's lane, from the first try on. */
  async changeLane({ roomNid, eventId, origin, json }: Omit<StagedEvent, 'nid' | 'tries'>): Promise<void> {
    await this.tx.run(
      'UPDATE staged_events SET origin = ?, json = ?, tries = 0 WHERE event_id = ? AND room_nid = ? AND origin <> ?',
      [origin, json, eventId, roomNid, origin],
    );
  }

  /** An event waits no longer, in whichever lane. */
  async unstage(eventId: string): Promise<void> {
    await this.tx.run('DELETE FROM staged_events WHERE event_id = ?', [eventId]);
  }

  /** It was tried in vain; unless it waits in another lane by now. */
  async tried({ nid, origin }: StagedEvent): Promise<void> {
    await this.tx.run('UPDATE staged_events SET tries = tries + 1 WHERE nid = ? AND origin = ?', [nid, origin]);
  }

  /** The same for the last time. */
  async giveUp({ nid, origin }: StagedEvent): Promise<void> {
    await this.tx.run('DELETE FROM staged_events WHERE nid = ? AND origin = ?', [nid, origin]);
  }
}
