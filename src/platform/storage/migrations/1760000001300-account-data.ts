import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** What clients keep for their user: account data, profiles, filters, push rules. */
export class AccountData1760000001300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'account_data',
        withoutRowid: true,
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'room_id', ...t.identifier(), isPrimary: true },
          { name: 'type', ...t.identifier(), isPrimary: true },
          { name: 'content', ...t.text() },
          { name: 'stream_writer', ...t.int() },
          { name: 'stream_pos', ...t.bigint() },
        ],
        indices: [
          new TableIndex({ name: 'account_data_position', columnNames: ['user_id', 'stream_writer', 'stream_pos'] }),
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'profiles',
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'displayname', ...t.text(), isNullable: true },
          { name: 'avatar_url', ...t.text(), isNullable: true },
          { name: 'fields', ...t.text() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'filters',
        withoutRowid: true,
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'filter_id', ...t.identifier(64), isPrimary: true },
          { name: 'definition', ...t.text() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'push_rules',
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'changes', ...t.text() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['push_rules', 'filters', 'profiles', 'account_data']) await runner.dropTable(table);
  }
}
