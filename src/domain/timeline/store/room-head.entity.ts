import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Where each room stands: its newest event and its present state. */
export const roomHeadEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RoomHead',
    tableName: 'room_heads',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      latest_ordinal: { ...t.bigint() },
      depth: { ...t.bigint() },
      snapshot_nid: { ...t.bigint() },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
  });

/** Events of each room that no event follows yet. */
export const roomExtremityEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RoomExtremity',
    tableName: 'room_extremities',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      event_nid: { ...t.bigint(), primary: true },
    },
    withoutRowid: true,
  });
