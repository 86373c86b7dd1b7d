import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Which event points at which. */
export class Relations1760000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'event_relations',
        columns: [
          { name: 'event_nid', ...t.bigint(), isPrimary: true },
          { name: 'event_id', ...t.identifier() },
          { name: 'room_nid', ...t.bigint() },
          { name: 'ordinal', ...t.bigint() },
          { name: 'rel_type', ...t.identifier() },
          { name: 'parent_id', ...t.identifier() },
          { name: 'type', ...t.identifier() },
          { name: 'sender', ...t.identifier() },
          { name: 'origin_server_ts', ...t.bigint() },
          { name: 'annotation_key', ...t.text(), isNullable: true },
          { name: 'is_edit', ...t.flag() },
          { name: 'thread_id', ...t.identifier(), isNullable: true },
          { name: 'redacted', ...t.flag() },
        ],
        indices: [
          new TableIndex({ name: 'event_relations_event_id', columnNames: ['event_id'], isUnique: true }),
          new TableIndex({ name: 'event_relations_parent', columnNames: ['parent_id', 'rel_type', 'sender'] }),
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('event_relations');
  }
}
