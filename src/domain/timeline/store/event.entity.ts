import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/**
 * Events of rooms. `ordinal` is the place in the room's one order; rejected, soft-failed and detached events have none, so
 * that no page of history ever meets them.
 */
export const eventEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Event',
    tableName: 'events',
    columns: {
      nid: { ...t.bigint(), primary: true },
      room_nid: { ...t.bigint() },
      event_id: { ...t.identifier() },
      ordinal: { ...t.bigint(), nullable: true },
      type: { ...t.identifier() },
      state_key: { ...t.identifier(), nullable: true },
      sender: { ...t.identifier() },
      depth: { ...t.bigint() },
      origin_server_ts: { ...t.bigint() },
      snapshot_before: { ...t.bigint() },
      snapshot_after: { ...t.bigint(), default: 0 },
      current_before: { ...t.bigint(), default: 0 },
      replaces_nid: { ...t.bigint(), nullable: true },
      redacted_by_nid: { ...t.bigint(), nullable: true },
      rejected: { ...t.flag() },
      soft_failed: { ...t.flag() },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
    indices: [
      { name: 'events_event_id', columns: ['event_id'], unique: true },
      { name: 'events_room_ordinal', columns: ['room_nid', 'ordinal'], unique: true },
      { name: 'events_room_time', columns: ['room_nid', 'origin_server_ts', 'ordinal'] },
      { name: 'events_stream', columns: ['stream_writer', 'stream_pos'] },
    ],
  });

/** The federation form of each event, as canonical JSON; never changed, also not by redactions. */
export const eventJsonEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'EventJson',
    tableName: 'event_json',
    columns: {
      event_nid: { ...t.bigint(), primary: true },
      json: { ...t.text() },
    },
  });

/** Which stored events an event follows. */
export const eventEdgeEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'EventEdge',
    tableName: 'event_edges',
    columns: {
      event_nid: { ...t.bigint(), primary: true },
      prev_nid: { ...t.bigint(), primary: true },
    },
    withoutRowid: true,
  });

/** The requests that events answer. `request_hash` covers user, scope, path and transaction id. */
export const eventTransactionEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'EventTransaction',
    tableName: 'event_transactions',
    columns: {
      event_nid: { ...t.bigint(), primary: true },
      request_hash: { ...t.identifier(24) },
      user_id: { ...t.identifier() },
      scope: { ...t.identifier() },
      txn_id: { ...t.text() },
      created_ts: { ...t.bigint() },
    },
    indices: [{ name: 'event_transactions_request', columns: ['request_hash'], unique: true }],
  });
