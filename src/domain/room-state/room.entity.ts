import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** What never changes about a room. The version stands here so that no redaction of the create event can change it. */
export const roomEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Room',
    tableName: 'rooms',
    columns: {
      nid: { ...t.bigint(), primary: true },
      room_id: { ...t.identifier() },
      version: { ...t.identifier(32) },
      creators: { ...t.text() },
      room_type: { ...t.text(), nullable: true },
    },
    indices: [{ name: 'rooms_room_id', columns: ['room_id'], unique: true }],
  });

/** The current state of each room: which event holds each (type, state key). */
export const currentStateEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RoomCurrentState',
    tableName: 'room_current_state',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      type: { ...t.identifier(), primary: true },
      state_key: { ...t.identifier(), primary: true },
      event_nid: { ...t.bigint() },
    },
    withoutRowid: true,
  });
