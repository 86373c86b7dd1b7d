import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Which stored events authorise a state event; messages authorise nothing, so theirs are not needed. */
export const eventAuthEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'EventAuth',
    tableName: 'event_auth',
    columns: {
      event_nid: { ...t.bigint(), primary: true },
      auth_nid: { ...t.bigint(), primary: true },
    },
    withoutRowid: true,
  });

/** Events that stored ones follow and that this server does not have: where a room's history has gaps. */
export const roomGapEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RoomGap',
    tableName: 'room_gaps',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      event_nid: { ...t.bigint(), primary: true },
      missing_id: { ...t.identifier(), primary: true },
    },
    indices: [{ name: 'room_gaps_missing', columns: ['missing_id'] }],
    withoutRowid: true,
  });

/** Events from elsewhere that passed the checks without a room and wait for the events before them. */
export const stagedEventEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'StagedEvent',
    tableName: 'staged_events',
    columns: {
      nid: { ...t.bigint(), primary: true },
      room_nid: { ...t.bigint() },
      event_id: { ...t.identifier() },
      origin: { ...t.identifier() },
      json: { ...t.text() },
      tries: { ...t.int() },
      received_ts: { ...t.bigint() },
    },
    indices: [
      { name: 'staged_events_event', columns: ['event_id'], unique: true },
      { name: 'staged_events_room', columns: ['room_nid'] },
    ],
  });

/** Redactions that came before what they redact. */
export const earlyRedactionEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'EarlyRedaction',
    tableName: 'early_redactions',
    columns: {
      target_id: { ...t.identifier(), primary: true },
      event_nid: { ...t.bigint(), primary: true },
    },
    withoutRowid: true,
  });

/** Where rooms' pasts last turned out to be others than those that were shown. */
export const restatedRoomEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RestatedRoom',
    tableName: 'restated_rooms',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
  });

/** Rooms whose state lacks members since their join. `servers`: a JSON list. */
export const partialRoomEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'PartialRoom',
    tableName: 'partial_rooms',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      event_id: { ...t.identifier() },
      servers: { ...t.text() },
    },
  });
