import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Account data by user, room (empty for global) and type. */
export const accountDataEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'AccountData',
    tableName: 'account_data',
    withoutRowid: true,
    columns: {
      user_id: { ...t.identifier(), primary: true },
      room_id: { ...t.identifier(), primary: true },
      type: { ...t.identifier(), primary: true },
      content: { ...t.text() },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
    indices: [{ name: 'account_data_position', columns: ['user_id', 'stream_writer', 'stream_pos'] }],
  });
