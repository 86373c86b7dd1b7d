import type { MigrationInterface, QueryRunner } from 'typeorm';
import { TableIndex } from 'typeorm';

const INDEX = 'events_room_time';

/** Finds the event of a room that is nearest to a time, however long the room is. */
export class EventsByTime1760000460000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const index = new TableIndex({ name: INDEX, columnNames: ['room_nid', 'origin_server_ts', 'ordinal'] });
    await runner.createIndex('events', index);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex('events', INDEX);
  }
}
