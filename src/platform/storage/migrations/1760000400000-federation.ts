import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Keys of servers and the documents they came in; servers that cannot be reached. */
export class Federation1760000400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'server_keys',
        withoutRowid: true,
        columns: [
          { name: 'server_name', ...t.identifier(), isPrimary: true },
          { name: 'key_id', ...t.identifier(128), isPrimary: true },
          { name: 'public_key', ...t.identifier(64) },
          { name: 'valid_until_ts', ...t.bigint() },
          { name: 'expired_ts', ...t.bigint(), isNullable: true },
          { name: 'fetched_ts', ...t.bigint() },
          { name: 'source', ...t.identifier() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'server_key_documents',
        withoutRowid: true,
        columns: [
          { name: 'server_name', ...t.identifier(), isPrimary: true },
          { name: 'key_id', ...t.identifier(128), isPrimary: true },
          { name: 'valid_until_ts', ...t.bigint() },
          { name: 'fetched_ts', ...t.bigint() },
          { name: 'content', ...t.text() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'destinations',
        columns: [
          { name: 'destination', ...t.identifier(), isPrimary: true },
          { name: 'failure_ts', ...t.bigint() },
          { name: 'retry_last_ts', ...t.bigint() },
          { name: 'retry_interval', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('destinations');
    await runner.dropTable('server_key_documents');
    await runner.dropTable('server_keys');
  }
}
