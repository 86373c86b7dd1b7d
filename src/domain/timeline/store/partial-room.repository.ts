import type { Reader, Tx } from '#platform/storage/storage';

/** A room whose state lacks members, the join that it was entered by, and the servers that may have the rest. */
export interface StoredPartialRoom {
  readonly roomNid: number;
  readonly eventId: string;
  readonly servers: readonly string[];
}

/** Reads which rooms' states lack members. */
export class PartialRoomReader {
  constructor(private readonly reader: Reader) {}

  async all(): Promise<StoredPartialRoom[]> {
    const rows = await this.reader.all<{ room_nid: number; event_id: string; servers: string }>(
      'SELECT room_nid, event_id, servers FROM partial_rooms',
    );
    return rows.map(({ room_nid: roomNid, event_id: eventId, servers }) => ({
      roomNid,
      eventId,
      servers: JSON.parse(servers) as string[],
    }));
  }
}

/** Writes it. */
export class PartialRoomWriter {
  constructor(private readonly tx: Tx) {}

  async setPartial({ roomNid, eventId, servers }: StoredPartialRoom): Promise<void> {
    const row = { room_nid: roomNid, event_id: eventId, servers: JSON.stringify(servers) };
    await this.tx.upsert('partial_rooms', ['room_nid'], row);
  }

  async setWhole(roomNid: number): Promise<void> {
    await this.tx.run('DELETE FROM partial_rooms WHERE room_nid = ?', [roomNid]);
  }
}
