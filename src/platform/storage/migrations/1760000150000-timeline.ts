import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import type { ColumnTypes } from '../column-types';
import { migrationTypes } from './migration-types';

/** Events, where rooms stand, and the transaction ids of requests. */
export class Timeline1760000150000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    for (const table of [events(t), ...besideEvents(t), ...heads(t)]) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    const tables = ['room_extremities', 'room_heads', 'event_transactions', 'event_edges', 'event_json', 'events'];
    for (const table of tables) await runner.dropTable(table);
  }
}

const events = (t: ColumnTypes) =>
  new Table({
    name: 'events',
    columns: [
      { name: 'nid', ...t.bigint(), isPrimary: true },
      { name: 'room_nid', ...t.bigint() },
      { name: 'event_id', ...t.identifier() },
      { name: 'ordinal', ...t.bigint(), isNullable: true },
      { name: 'type', ...t.identifier() },
      { name: 'state_key', ...t.identifier(), isNullable: true },
      { name: 'sender', ...t.identifier() },
      { name: 'depth', ...t.bigint() },
      { name: 'origin_server_ts', ...t.bigint() },
      { name: 'snapshot_before', ...t.bigint() },
      { name: 'replaces_nid', ...t.bigint(), isNullable: true },
      { name: 'redacted_by_nid', ...t.bigint(), isNullable: true },
      { name: 'rejected', ...t.flag() },
      { name: 'soft_failed', ...t.flag() },
      { name: 'stream_writer', ...t.int() },
      { name: 'stream_pos', ...t.bigint() },
    ],
    indices: [
      { name: 'events_event_id', columnNames: ['event_id'], isUnique: true },
      { name: 'events_room_ordinal', columnNames: ['room_nid', 'ordinal'], isUnique: true },
      { name: 'events_stream', columnNames: ['stream_writer', 'stream_pos'] },
    ],
  });

const besideEvents = (t: ColumnTypes) => [
  new Table({
    name: 'event_json',
    columns: [
      { name: 'event_nid', ...t.bigint(), isPrimary: true },
      { name: 'json', ...t.text() },
    ],
  }),
  new Table({
    name: 'event_edges',
    columns: [
      { name: 'event_nid', ...t.bigint(), isPrimary: true },
      { name: 'prev_nid', ...t.bigint(), isPrimary: true },
    ],
    withoutRowid: true,
  }),
  new Table({
    name: 'event_transactions',
    columns: [
      { name: 'event_nid', ...t.bigint(), isPrimary: true },
      { name: 'request_hash', ...t.identifier(24) },
      { name: 'user_id', ...t.identifier() },
      { name: 'scope', ...t.identifier() },
      { name: 'txn_id', ...t.text() },
      { name: 'created_ts', ...t.bigint() },
    ],
    indices: [{ name: 'event_transactions_request', columnNames: ['request_hash'], isUnique: true }],
  }),
];

const heads = (t: ColumnTypes) => [
  new Table({
    name: 'room_heads',
    columns: [
      { name: 'room_nid', ...t.bigint(), isPrimary: true },
      { name: 'latest_ordinal', ...t.bigint() },
      { name: 'depth', ...t.bigint() },
      { name: 'snapshot_nid', ...t.bigint() },
      { name: 'stream_writer', ...t.int() },
      { name: 'stream_pos', ...t.bigint() },
    ],
  }),
  new Table({
    name: 'room_extremities',
    columns: [
      { name: 'room_nid', ...t.bigint(), isPrimary: true },
      { name: 'event_nid', ...t.bigint(), isPrimary: true },
    ],
    withoutRowid: true,
  }),
];
