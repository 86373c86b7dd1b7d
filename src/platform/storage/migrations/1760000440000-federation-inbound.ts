import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Answers to transactions of other servers. */
export class FederationInbound1760000440000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'federation_received',
        withoutRowid: true,
        columns: [
          { name: 'origin', ...t.identifier(), isPrimary: true },
          { name: 'slot', ...t.int(), isPrimary: true },
          { name: 'txn_id', ...t.identifier() },
          { name: 'answer', ...t.text() },
          { name: 'received_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'federation_received_time', columnNames: ['received_ts'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('federation_received');
  }
}
