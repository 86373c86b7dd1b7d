import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** The newest change of each user's device list. Older ones are of no use: a client asks for the whole list again. */
export const deviceListChangeEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'DeviceListChange',
    tableName: 'device_list_changes',
    withoutRowid: true,
    columns: {
      user_id: { ...t.identifier(), primary: true },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
    indices: [{ name: 'device_list_changes_position', columns: ['stream_writer', 'stream_pos'] }],
  });
