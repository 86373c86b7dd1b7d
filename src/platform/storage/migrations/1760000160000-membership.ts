import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Who is in which room. */
export class Membership1760000160000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'room_memberships',
        columns: [
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'membership', ...t.identifier(16) },
          { name: 'event_nid', ...t.bigint() },
          { name: 'sender', ...t.identifier() },
          { name: 'ordinal', ...t.bigint() },
          { name: 'is_local', ...t.flag() },
          { name: 'forgotten', ...t.flag() },
          { name: 'stream_writer', ...t.int() },
          { name: 'stream_pos', ...t.bigint() },
        ],
        indices: [
          { name: 'room_memberships_user', columnNames: ['user_id', 'membership'] },
          { name: 'room_memberships_room', columnNames: ['room_nid', 'membership', 'is_local'] },
        ],
        withoutRowid: true,
      }),
    );
    await runner.createTable(
      new Table({
        name: 'room_member_counts',
        columns: [
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'joined', ...t.bigint() },
          { name: 'invited', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['room_member_counts', 'room_memberships']) await runner.dropTable(table);
  }
}
