import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Access and refresh tokens as hashes, and user-interactive authentication under way. */
export class Sessions1760000001200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'access_tokens',
        columns: [
          { name: 'token_id', ...t.bigint(), isPrimary: true },
          { name: 'token_hash', ...t.identifier(64) },
          { name: 'user_id', ...t.identifier() },
          { name: 'device_id', ...t.identifier() },
          { name: 'expires_ts', ...t.bigint(), isNullable: true },
          { name: 'refresh_hash', ...t.identifier(64), isNullable: true },
          { name: 'refresh_expires_ts', ...t.bigint(), isNullable: true },
          { name: 'confirmed', ...t.flag() },
          { name: 'created_ts', ...t.bigint() },
        ],
        indices: [
          new TableIndex({ name: 'access_tokens_hash', columnNames: ['token_hash'], isUnique: true }),
          new TableIndex({ name: 'access_tokens_refresh_hash', columnNames: ['refresh_hash'], isUnique: true }),
          new TableIndex({ name: 'access_tokens_device', columnNames: ['user_id', 'device_id'] }),
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'uia_sessions',
        columns: [
          { name: 'session_hash', ...t.identifier(64), isPrimary: true },
          { name: 'operation', ...t.identifier(64) },
          { name: 'user_id', ...t.identifier() },
          { name: 'body_mac', ...t.identifier(64), isNullable: true },
          { name: 'flows', ...t.text() },
          { name: 'params', ...t.text() },
          { name: 'completed', ...t.text() },
          { name: 'proof', ...t.text() },
          { name: 'expires_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'uia_sessions_expires', columnNames: ['expires_ts'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('uia_sessions');
    await runner.dropTable('access_tokens');
  }
}
