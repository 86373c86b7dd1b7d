import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** What survives a restart of users' presence. */
export class Presence1760000230000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'presence',
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'presence', ...t.identifier(16) },
          { name: 'status_msg', ...t.text(), isNullable: true },
          { name: 'last_active_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'presence_presence', columnNames: ['presence'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('presence');
  }
}
