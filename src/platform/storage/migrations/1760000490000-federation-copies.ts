import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Events for servers that were let into a room lately, sent by others without knowledge of them. */
export class FederationCopies1760000490000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'federation_copies',
        withoutRowid: true,
        columns: [
          { name: 'destination', ...t.identifier(), isPrimary: true },
          { name: 'event_nid', ...t.bigint(), isPrimary: true },
          { name: 'room_nid', ...t.bigint() },
          { name: 'copied_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'federation_copies_time', columnNames: ['copied_ts'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('federation_copies');
  }
}
