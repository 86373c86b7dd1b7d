import type { JsonObject } from '#kernel/json';
import { inList, positionRange, type Position, type Positions, type Reader, type Tx } from '#platform/storage/storage';
import type { ToDeviceMessage } from './to-device.model';

interface MessageRow {
  readonly sender: string;
  readonly type: string;
  readonly content: string;
  readonly stream_writer: number;
  readonly stream_pos: number;
}

/** A message as it is written; `content` is JSON text. */
export interface QueuedMessage {
  readonly userId: string;
  readonly deviceId: string;
  readonly sender: string;
  readonly type: string;
  readonly content: string;
}

const MAX_BATCH_CHARACTERS = 2 * 1024 * 1024;
const BEGINNING: Positions = new Map();

export class ToDeviceReader {
  constructor(protected readonly reader: Reader) {}

  /** Oldest first. */
  async messages(
    userId: string,
    deviceId: string,
    since: Positions,
    until: Positions,
    limit: number,
  ): Promise<ToDeviceMessage[]> {
    const range = positionRange(since, until);
    const sql = `SELECT sender, type, content, stream_writer, stream_pos FROM to_device_messages
      WHERE user_id = ? AND device_id = ? AND ${range.sql} ORDER BY stream_pos, stream_writer LIMIT ?`;
    const rows = await this.reader.all<MessageRow>(sql, [userId, deviceId, ...range.params, limit]);
    return rows.map(toMessage);
  }

  async waiting(userId: string, deviceId: string): Promise<number> {
    const sql = 'SELECT COUNT(*) AS n FROM to_device_messages WHERE user_id = ? AND device_id = ?';
    return (await this.reader.get<{ n: number }>(sql, [userId, deviceId]))?.n ?? 0;
  }

  /** Whether anything up to the position waits. */
  async anyUpTo(userId: string, deviceId: string, upTo: Positions): Promise<boolean> {
    const range = positionRange(BEGINNING, upTo);
    const sql = `SELECT stream_pos FROM to_device_messages WHERE user_id = ? AND device_id = ? AND ${range.sql} LIMIT 1`;
    return (await this.reader.get(sql, [userId, deviceId, ...range.params])) !== undefined;
  }
}

export class ToDeviceWriter extends ToDeviceReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async insert(messages: readonly (QueuedMessage & { readonly position: Position })[]): Promise<void> {
    const rows = messages.map(({ userId, deviceId, position, sender, type, content }) => ({
      user_id: userId,
      device_id: deviceId,
      stream_pos: position.pos,
      stream_writer: position.writer,
      sender,
      type,
      content,
    }));
    for (const batch of inBatches(rows)) await this.tx.insert('to_device_messages', batch);
  }

  async removeUpTo(userId: string, deviceId: string, upTo: Positions): Promise<void> {
    const range = positionRange(BEGINNING, upTo);
    const sql = `DELETE FROM to_device_messages WHERE user_id = ? AND device_id = ? AND ${range.sql}`;
    await this.tx.run(sql, [userId, deviceId, ...range.params]);
  }

  async removeDevices(userId: string, deviceIds: readonly string[]): Promise<void> {
    const ids = inList(deviceIds);
    const sql = `DELETE FROM to_device_messages WHERE user_id = ? AND device_id IN ${ids.sql}`;
    await this.tx.run(sql, [userId, ...ids.params]);
  }

  /** False when the request was carried out before. */
  claim(requestHash: string, now: number): Promise<boolean> {
    return this.tx.insertIgnore('to_device_transactions', ['request_hash'], {
      request_hash: requestHash,
      done_ts: now,
    });
  }

  async forgetClaimsBefore(ts: number): Promise<void> {
    await this.tx.run('DELETE FROM to_device_transactions WHERE done_ts < ?', [ts]);
  }
}

/** Databases limit a statement's size, and `*` multiplies what was sent. */
function inBatches<R extends { readonly content: string }>(rows: readonly R[]): R[][] {
  const batches: R[][] = [];
  let room = 0;
  for (const row of rows) {
    room -= row.content.length;
    const batch = batches[batches.length - 1];
    if (batch !== undefined && room >= 0) batch.push(row);
    else {
      batches.push([row]);
      room = MAX_BATCH_CHARACTERS - row.content.length;
    }
  }
  return batches;
}

function toMessage(row: MessageRow): ToDeviceMessage {
  return {
    sender: row.sender,
    type: row.type,
    content: JSON.parse(row.content) as JsonObject,
    position: { writer: row.stream_writer, pos: row.stream_pos },
  };
}
