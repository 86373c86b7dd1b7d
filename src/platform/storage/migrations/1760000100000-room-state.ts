import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Rooms, their current state and its history. */
export class RoomState1760000100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'rooms',
        columns: [
          { name: 'nid', ...t.bigint(), isPrimary: true },
          { name: 'room_id', ...t.identifier() },
          { name: 'version', ...t.identifier(32) },
          { name: 'creators', ...t.text() },
          { name: 'room_type', ...t.text(), isNullable: true },
        ],
        indices: [{ name: 'rooms_room_id', columnNames: ['room_id'], isUnique: true }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'room_current_state',
        columns: [
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'type', ...t.identifier(), isPrimary: true },
          { name: 'state_key', ...t.identifier(), isPrimary: true },
          { name: 'event_nid', ...t.bigint() },
        ],
        withoutRowid: true,
      }),
    );
    await runner.createTable(
      new Table({
        name: 'state_snapshots',
        columns: [
          { name: 'nid', ...t.bigint(), isPrimary: true },
          { name: 'room_nid', ...t.bigint() },
          { name: 'prev_nid', ...t.bigint(), isNullable: true },
          { name: 'base_nid', ...t.bigint(), isNullable: true },
          { name: 'height', ...t.bigint() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'state_deltas',
        columns: [
          { name: 'snapshot_nid', ...t.bigint(), isPrimary: true },
          { name: 'type', ...t.identifier(), isPrimary: true },
          { name: 'state_key', ...t.identifier(), isPrimary: true },
          { name: 'event_nid', ...t.bigint() },
        ],
        withoutRowid: true,
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['state_deltas', 'state_snapshots', 'room_current_state', 'rooms'])
      await runner.dropTable(table);
  }
}
