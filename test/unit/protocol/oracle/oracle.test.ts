import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { knownRoomVersions } from '#protocol/room-versions';
import fc from 'fast-check';
import type { Node, TestDag } from '../state-resolution/test-dag';
import { randomRoom } from './random-room';

/** A Python with matrix-synapse installed: `python3 -m venv oracle && oracle/bin/pip install matrix-synapse`. */
const python = process.env.ORACLE_PYTHON;
/** Rooms for each room version: 50 in passing, 1,000 for a thorough run. */
const rooms = Number(process.env.ORACLE_ROOMS ?? 50);
const seed = Number(process.env.ORACLE_SEED ?? Date.now() % 1_000_000);

function asLine({ dag, tips }: { dag: TestDag; tips: Node[] }): string {
  const states = tips.map((tip) => tip.after);
  return JSON.stringify({
    version: dag.version.id,
    room_id: [...dag.nodes.values()][1]?.pdu.room_id,
    events: [...dag.nodes.values()].map(({ eventId, pdu, rejected }) => ({ event_id: eventId, pdu, rejected })),
    states: states.map((state) => [...state.values()]),
    resolved: [...dag.resolve(states).values()],
  });
}

(python === undefined ? describe.skip : describe)(`against another implementation, seed ${seed}`, () => {
  it.each(knownRoomVersions())(
    'events of version %s have the same ids and are judged the same, and states resolve to the same',
    (id) => {
      const input = fc.sample(randomRoom(id), { numRuns: rooms, seed }).map(asLine).join('\n');
      const script = join(__dirname, 'judge_by_synapse.py');
      const options = { input, encoding: 'utf8', maxBuffer: 2 ** 28 } as const;
      expect(
        execFileSync(python ?? '', [script], options)
          .split('\n')
          .filter(Boolean),
      ).toEqual([]);
    },
    600_000,
  );
});
