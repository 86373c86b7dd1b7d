import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { migrationTypes } from './migration-types';

/** What other servers have yet to be told. */
export class FederationSender1760000430000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    await runner.createTable(
      new Table({
        name: 'federation_outbox',
        columns: [
          { name: 'event_nid', ...t.bigint(), isPrimary: true },
          { name: 'room_nid', ...t.bigint() },
          { name: 'ordinal', ...t.bigint() },
          { name: 'also_server', ...t.identifier(), isNullable: true },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'federation_queue',
        withoutRowid: true,
        columns: [
          { name: 'destination', ...t.identifier(), isPrimary: true },
          { name: 'room_nid', ...t.bigint(), isPrimary: true },
          { name: 'from_ordinal', ...t.bigint() },
          { name: 'to_ordinal', ...t.bigint() },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'federation_relays',
        columns: [
          { name: 'event_nid', ...t.bigint(), isPrimary: true },
          { name: 'relayed_ts', ...t.bigint() },
        ],
        indices: [new TableIndex({ name: 'federation_relays_time', columnNames: ['relayed_ts'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('federation_relays');
    await runner.dropTable('federation_queue');
    await runner.dropTable('federation_outbox');
  }
}
