import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** What is unread, as far as it was found out. */
export class Notifications1760000240000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'notification_checkpoints',
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'judged_to', ...t.bigint() },
          { name: 'away', ...t.flag() },
          { name: 'unread', ...t.text() },
        ],
        withoutRowid: true,
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('notification_checkpoints');
  }
}
