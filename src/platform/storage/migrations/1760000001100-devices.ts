import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Devices of local users, and the newest change of each user's device list. */
export class Devices1760000001100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'devices',
        withoutRowid: true,
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'device_id', ...t.identifier(), isPrimary: true },
          { name: 'display_name', ...t.text(), isNullable: true },
          { name: 'created_ts', ...t.bigint() },
          { name: 'last_seen_ts', ...t.bigint(), isNullable: true },
          { name: 'last_seen_ip', ...t.identifier(64), isNullable: true },
          { name: 'last_seen_user_agent', ...t.text(), isNullable: true },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'device_list_changes',
        withoutRowid: true,
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'stream_writer', ...t.int() },
          { name: 'stream_pos', ...t.bigint() },
        ],
        indices: [
          new TableIndex({ name: 'device_list_changes_position', columnNames: ['stream_writer', 'stream_pos'] }),
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('device_list_changes');
    await runner.dropTable('devices');
  }
}
