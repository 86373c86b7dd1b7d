import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** What the server decided once: its name and its secrets. */
export class ServerSettings1760000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'server_settings',
        columns: [
          { name: 'name', ...t.identifier(64), isPrimary: true },
          { name: 'content', ...t.text() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('server_settings');
  }
}
