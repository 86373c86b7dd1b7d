import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { migrationTypes } from './migration-types';

/** The audit log of administrators. */
export class Admin1760000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'audit_entries',
        columns: [
          { name: 'nid', ...t.bigint(), isPrimary: true },
          { name: 'created_ts', ...t.bigint() },
          { name: 'actor', ...t.identifier() },
          { name: 'action', ...t.identifier(64) },
          { name: 'target', ...t.identifier() },
          { name: 'reason', ...t.text() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('audit_entries');
  }
}
