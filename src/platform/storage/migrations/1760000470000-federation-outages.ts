import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** What other servers that are away have yet to answer, and the rooms of whose receipts they have missed some. */
export class FederationOutages1760000470000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'federation_unanswered',
        columns: [
          { name: 'destination', ...t.identifier(), isPrimary: true },
          { name: 'txn_id', ...t.identifier() },
          { name: 'contents', ...t.text() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'federation_missed_receipts',
        withoutRowid: true,
        columns: [
          { name: 'destination', ...t.identifier(), isPrimary: true },
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'since_ts', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('federation_missed_receipts');
    await runner.dropTable('federation_unanswered');
  }
}
