import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Rooms that were shown otherwise than they turned out to be. */
export class RestatedRooms1760000480000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'restated_rooms',
        columns: [
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'stream_writer', ...t.int() },
          { name: 'stream_pos', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('restated_rooms');
  }
}
