import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Room aliases and the public directory. */
export class Directory1760000220000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'room_aliases',
        columns: [
          { name: 'alias', ...t.identifier(), isPrimary: true },
          { name: 'room_nid', ...t.bigint() },
          { name: 'creator', ...t.identifier() },
          { name: 'created_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'room_aliases_room', columnNames: ['room_nid'] })],
        withoutRowid: true,
      }),
    );
    await runner.createTable(
      new Table({
        name: 'room_directory',
        columns: [
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'room_id', ...t.identifier() },
          { name: 'is_published', ...t.flag() },
          { name: 'joined_members', ...t.bigint() },
          { name: 'name', ...t.text(), isNullable: true },
          { name: 'topic', ...t.text(), isNullable: true },
          { name: 'avatar_url', ...t.text(), isNullable: true },
          { name: 'canonical_alias', ...t.identifier(), isNullable: true },
          { name: 'join_rule', ...t.identifier(), isNullable: true },
          { name: 'room_type', ...t.identifier(), isNullable: true },
          { name: 'world_readable', ...t.flag() },
          { name: 'guest_can_join', ...t.flag() },
          { name: 'search_text', ...t.text() },
        ],
        indices: [
          new TableIndex({ name: 'room_directory_order', columnNames: ['is_published', 'joined_members', 'room_nid'] }),
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('room_directory');
    await runner.dropTable('room_aliases');
  }
}
