import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { knownRoomVersions } from '#protocol/room-versions';
import fc from 'fast-check';
import { SYNAPSE_INSTALL_MS, synapsePython } from '../../../support/synapse-venv';
import type { Node, TestDag } from '../state-resolution/test-dag';
import { randomRoom } from './random-room';

const environment = process.env;
/** Rooms for each room version: 50 in passing, 1,000 by `npm run oracle`. */
const rooms = Number(environment['ORACLE_ROOMS'] ?? 50);
const seed = Number(environment['ORACLE_SEED'] ?? Date.now() % 1_000_000);
/** The one room that is tried, counted from 0: to replay a failure together with its seed. */
const only = environment['ORACLE_ROOM'] === undefined ? undefined : Number(environment['ORACLE_ROOM']);

interface GrownRoom {
  readonly dag: TestDag;
  readonly tips: Node[];
}

/** The rooms of a version; the n-th of a seed is always the same, however many are made. */
function grow(id: string): [index: number, room: GrownRoom][] {
  const numRuns = only === undefined ? rooms : only + 1;
  const grown = [...fc.sample(randomRoom(id), { numRuns, seed: seed + Number(id) }).entries()];
  return grown.filter(([index]) => only === undefined || index === only);
}

function asLine([index, { dag, tips }]: [number, GrownRoom]): string {
  const states = tips.map((tip) => tip.after);
  return JSON.stringify({
    replay: `ORACLE_SEED=${seed} ORACLE_ROOM=${index} npm run oracle -- -t 'version ${dag.version.id} '`,
    version: dag.version.id,
    room_id: [...dag.nodes.values()][1]?.pdu.room_id,
    events: [...dag.nodes.values()].map(({ eventId, pdu, rejected }) => ({ event_id: eventId, pdu, rejected })),
    states: states.map((state) => [...state.values()]),
    resolved: [...dag.resolve(states).values()],
  });
}

/** The disagreements, each with the command that shows it again, and how much was compared. */
function judge(grown: [number, GrownRoom][]): { disagreements: string[]; counts: Record<string, number> } {
  const input = grown.map(asLine).join('\n');
  const options = { input, encoding: 'utf8', maxBuffer: 2 ** 28 } as const;
  const lines = execFileSync(synapsePython(), [join(__dirname, 'judge_by_synapse.py')], options)
    .split('\n')
    .filter(Boolean);
  return { disagreements: lines.slice(0, -1), counts: JSON.parse(lines.at(-1)!) };
}

const totals: Record<string, number>[] = [];

describe(`against another implementation, seed ${seed}`, () => {
  beforeAll(synapsePython, SYNAPSE_INSTALL_MS);
  // Figures for docs/state-resolution.md, printed by thorough runs only.
  afterAll(() => {
    if (rooms > 50 && only === undefined) process.stderr.write(`${JSON.stringify(totals, null, 1)}\n`);
  });

  it.each(knownRoomVersions())(
    'events of version %s have the same ids and are judged the same, and states resolve to the same (row 26)',
    (id) => {
      const grown = grow(id);
      const { disagreements, counts } = judge(grown);
      totals.push({ version: Number(id), ...counts });
      expect(disagreements).toEqual([]);
      expect(counts['rooms']).toBe(grown.length);
    },
    600_000,
  );
});
