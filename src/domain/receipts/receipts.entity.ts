import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** The newest receipt of each user, type and thread of a room; an empty `thread_id` stands for all threads. */
export const receiptEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Receipt',
    tableName: 'receipts',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      user_id: { ...t.identifier(), primary: true },
      receipt_type: { ...t.identifier(32), primary: true },
      thread_id: { ...t.identifier(), primary: true },
      event_id: { ...t.identifier() },
      ordinal: { ...t.bigint() },
      ts: { ...t.bigint() },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
    indices: [{ name: 'receipts_room_stream', columns: ['room_nid', 'stream_writer', 'stream_pos'] }],
    withoutRowid: true,
  });
