import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Local accounts and the tokens that admit to registration. */
export class Accounts1760000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'accounts',
        columns: [
          { name: 'account_id', ...t.bigint(), isPrimary: true },
          { name: 'user_id', ...t.identifier() },
          { name: 'localpart', ...t.identifier() },
          { name: 'password_hash', ...t.identifier(), isNullable: true },
          { name: 'is_guest', ...t.flag() },
          { name: 'is_admin', ...t.flag() },
          { name: 'locked', ...t.flag() },
          { name: 'suspended', ...t.flag() },
          { name: 'user_type', ...t.identifier(64), isNullable: true },
          { name: 'created_ts', ...t.bigint() },
          { name: 'deactivated_ts', ...t.bigint(), isNullable: true },
        ],
        indices: [new TableIndex({ name: 'accounts_user_id', columnNames: ['user_id'], isUnique: true })],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'registration_tokens',
        columns: [
          { name: 'token', ...t.identifier(64), isPrimary: true },
          { name: 'uses_allowed', ...t.bigint(), isNullable: true },
          { name: 'uses', ...t.bigint() },
          { name: 'expires_ts', ...t.bigint(), isNullable: true },
          { name: 'created_ts', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('registration_tokens');
    await runner.dropTable('accounts');
  }
}
