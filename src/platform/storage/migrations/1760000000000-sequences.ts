import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Counters of numeric ids and stream positions. */
export class Sequences1760000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'sequences',
        columns: [
          { name: 'name', ...t.identifier(64), isPrimary: true },
          { name: 'next_value', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('sequences');
  }
}
