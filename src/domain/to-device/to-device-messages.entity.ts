import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Messages that wait for devices, each at a position of its own within the device. */
export const toDeviceMessageEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'ToDeviceMessage',
    tableName: 'to_device_messages',
    withoutRowid: true,
    columns: {
      user_id: { ...t.identifier(), primary: true },
      device_id: { ...t.identifier(), primary: true },
      stream_pos: { ...t.bigint(), primary: true },
      stream_writer: { ...t.int(), primary: true },
      sender: { ...t.identifier() },
      type: { ...t.identifier() },
      content: { ...t.text() },
    },
  });
