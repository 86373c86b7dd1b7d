import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { migrationTypes } from './migration-types';

/** Invites and knocks in rooms of other servers. */
export class OutOfBandMemberships1760000450000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'out_of_band_memberships',
        withoutRowid: true,
        columns: [
          { name: 'user_id', ...t.identifier(), isPrimary: true },
          { name: 'room_id', ...t.identifier(), isPrimary: true },
          { name: 'room_nid', ...t.bigint() },
          { name: 'version', ...t.identifier(32) },
          { name: 'membership', ...t.identifier(16) },
          { name: 'event_id', ...t.identifier() },
          { name: 'sender', ...t.identifier() },
          { name: 'server', ...t.identifier() },
          { name: 'event_json', ...t.text(), isNullable: true },
          { name: 'stripped_state', ...t.text() },
          { name: 'stream_writer', ...t.int() },
          { name: 'stream_pos', ...t.bigint() },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('out_of_band_memberships');
  }
}
