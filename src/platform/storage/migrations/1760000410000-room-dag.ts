import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table, TableColumn } from 'typeorm';
import type { ColumnTypes } from '../column-types';
import { migrationTypes } from './migration-types';

const BATCH = 500;

interface StateEventRow {
  readonly nid: number;
  readonly json: string;
}

/** What rooms shared with other servers need: states of forks, auth edges, gaps, events that wait. */
export class RoomDag1760000410000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const t = migrationTypes(runner);
    for (const name of ['snapshot_after', 'current_before']) {
      await runner.addColumn('events', new TableColumn({ name, ...t.bigint(), default: 0 }));
    }
    for (const table of tables(t)) await runner.createTable(table);
    await fillStates(runner, t.dialect);
    await fillAuthEdges(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['partial_rooms', 'early_redactions', 'staged_events', 'room_gaps', 'event_auth']) {
      await runner.dropTable(table);
    }
    await runner.dropColumns('events', ['current_before', 'snapshot_after']);
  }
}

/** Rooms so far are lines: the state after an event is the one before the next. */
async function fillStates(runner: QueryRunner, dialect: 'sqlite' | 'mysql'): Promise<void> {
  await runner.query('UPDATE events SET current_before = snapshot_before');
  const next = 'n.room_nid = events.room_nid AND n.ordinal = events.ordinal + 1';
  await runner.query(
    dialect === 'mysql'
      ? `UPDATE events LEFT JOIN events n ON ${next} LEFT JOIN room_heads h ON h.room_nid = events.room_nid
         SET events.snapshot_after = COALESCE(n.snapshot_before, h.snapshot_nid, 0)`
      : `UPDATE events SET snapshot_after = COALESCE((SELECT n.snapshot_before FROM events n WHERE ${next}),
           (SELECT h.snapshot_nid FROM room_heads h WHERE h.room_nid = events.room_nid), 0)`,
  );
}

async function fillAuthEdges(runner: QueryRunner): Promise<void> {
  for (let after = 0; ;) {
    const rows = (await runner.query(
      `SELECT e.nid AS nid, j.json AS json FROM events e JOIN event_json j ON j.event_nid = e.nid
       WHERE e.state_key IS NOT NULL AND e.nid > ${after} ORDER BY e.nid LIMIT ${BATCH}`,
    )) as StateEventRow[];
    for (const row of rows) {
      after = Number(row.nid);
      const { auth_events: references } = JSON.parse(String(row.json)) as { auth_events: (string | [string])[] };
      for (const reference of references) {
        const id = typeof reference === 'string' ? reference : reference[0];
        await runner.query(
          'INSERT INTO event_auth (event_nid, auth_nid) SELECT ?, nid FROM events WHERE event_id = ?',
          [after, id],
        );
      }
    }
    if (rows.length < BATCH) return;
  }
}

const tables = (t: ColumnTypes) => [
  new Table({
    name: 'event_auth',
    columns: [
      { name: 'event_nid', ...t.bigint(), isPrimary: true },
      { name: 'auth_nid', ...t.bigint(), isPrimary: true },
    ],
    withoutRowid: true,
  }),
  new Table({
    name: 'room_gaps',
    columns: [
      { name: 'room_nid', ...t.bigint(), isPrimary: true },
      { name: 'event_nid', ...t.bigint(), isPrimary: true },
      { name: 'missing_id', ...t.identifier(), isPrimary: true },
    ],
    indices: [{ name: 'room_gaps_missing', columnNames: ['missing_id'] }],
    withoutRowid: true,
  }),
  new Table({
    name: 'staged_events',
    columns: [
      { name: 'nid', ...t.bigint(), isPrimary: true },
      { name: 'room_nid', ...t.bigint() },
      { name: 'event_id', ...t.identifier() },
      { name: 'origin', ...t.identifier() },
      { name: 'json', ...t.text() },
      { name: 'tries', ...t.int() },
      { name: 'received_ts', ...t.bigint() },
    ],
    indices: [
      { name: 'staged_events_event', columnNames: ['event_id'], isUnique: true },
      { name: 'staged_events_room', columnNames: ['room_nid'] },
    ],
  }),
  new Table({
    name: 'early_redactions',
    columns: [
      { name: 'target_id', ...t.identifier(), isPrimary: true },
      { name: 'event_nid', ...t.bigint(), isPrimary: true },
    ],
    withoutRowid: true,
  }),
  new Table({
    name: 'partial_rooms',
    columns: [
      { name: 'room_nid', ...t.bigint(), isPrimary: true },
      { name: 'event_id', ...t.identifier() },
      { name: 'servers', ...t.text() },
    ],
  }),
];
