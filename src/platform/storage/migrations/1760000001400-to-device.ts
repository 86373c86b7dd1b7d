import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Messages that wait for devices, and the requests that sent them. */
export class ToDevice1760000001400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'to_device_messages',
        withoutRowid: true,
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'device_id', ...t.identifier(), isPrimary: true },
          { name: 'stream_pos', ...t.bigint(), isPrimary: true },
          { name: 'stream_writer', ...t.int(), isPrimary: true },
          { name: 'sender', ...t.identifier() },
          { name: 'type', ...t.identifier() },
          { name: 'content', ...t.text() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'to_device_transactions',
        columns: [
          { name: 'request_hash', ...t.identifier(64), isPrimary: true },
          { name: 'done_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'to_device_transactions_done', columnNames: ['done_ts'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('to_device_transactions');
    await runner.dropTable('to_device_messages');
  }
}
