import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** One row for each event that relates to another; goes out of force with its event (`redacted`). */
export const eventRelationEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'EventRelation',
    tableName: 'event_relations',
    columns: {
      event_nid: { ...t.bigint(), primary: true },
      event_id: { ...t.identifier() },
      room_nid: { ...t.bigint() },
      ordinal: { ...t.bigint() },
      rel_type: { ...t.identifier() },
      parent_id: { ...t.identifier() },
      type: { ...t.identifier() },
      sender: { ...t.identifier() },
      origin_server_ts: { ...t.bigint() },
      annotation_key: { ...t.text(), nullable: true },
      is_edit: { ...t.flag() },
      thread_id: { ...t.identifier(), nullable: true },
      redacted: { ...t.flag() },
    },
    indices: [
      { name: 'event_relations_event_id', columns: ['event_id'], unique: true },
      { name: 'event_relations_parent', columns: ['parent_id', 'rel_type', 'sender'] },
    ],
  });
