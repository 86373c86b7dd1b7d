import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Nonces of the shared-secret registration, and closed accounts that have rooms to leave. */
export class AccountLifecycle1760000001500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'registration_nonces',
        columns: [
          { name: 'nonce', ...t.identifier(64), isPrimary: true },
          { name: 'expires_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'registration_nonces_expires', columnNames: ['expires_ts'] })],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'pending_partings',
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'added_ts', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('pending_partings');
    await runner.dropTable('registration_nonces');
  }
}
