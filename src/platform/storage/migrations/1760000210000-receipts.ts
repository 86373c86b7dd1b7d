import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Up to where each user has read. */
export class Receipts1760000210000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'receipts',
        columns: [
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'receipt_type', ...t.identifier(32), isPrimary: true },
          { name: 'thread_id', ...t.identifier(), isPrimary: true },
          { name: 'event_id', ...t.identifier() },
          { name: 'ordinal', ...t.bigint() },
          { name: 'ts', ...t.bigint() },
          { name: 'stream_writer', ...t.int() },
          { name: 'stream_pos', ...t.bigint() },
        ],
        indices: [
          new TableIndex({ name: 'receipts_room_stream', columnNames: ['room_nid', 'stream_writer', 'stream_pos'] }),
        ],
        withoutRowid: true,
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('receipts');
  }
}
