import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RoomState } from '#domain/room-state';
import { Timeline } from '#domain/timeline';
import { createDataSource } from '#main/storage/data-source';
import { openStorage } from '#platform/storage/open';
import type { Storage } from '#platform/storage/storage';
import { SigningKey } from '#protocol/signing/index';

/**
 * What the states of a large room take on disk: its members join one after another, then some of them leave, join again and
 * talk. Bytes are the pages that the two tables of states fill in the SQLite file.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    members: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '1000' },
    folder: { type: 'string', default: tmpdir() },
  },
});

const SERVER = 'bench.example';
const ALICE = `@alice:${SERVER}`;
const AT_ONCE = 50;

interface Sizes {
  readonly events: number;
  readonly snapshots: number;
  readonly deltas: number;
  readonly bytes: number;
}

async function sizes(storage: Storage): Promise<Sizes> {
  const count = async (table: string): Promise<number> =>
    (await storage.get<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))!.n;
  const pages = "SELECT SUM(pgsize) AS n FROM dbstat WHERE name IN ('state_deltas', 'state_snapshots')";
  return {
    events: await count('events'),
    snapshots: await count('state_snapshots'),
    deltas: await count('state_deltas'),
    bytes: (await storage.get<{ n: number }>(pages))!.n,
  };
}

function report(what: string, before: Sizes, after: Sizes): void {
  const events = after.events - before.events;
  const bytes = after.bytes - before.bytes;
  const deltas = after.deltas - before.deltas;
  const each = (n: number): string => (n / Math.max(1, events)).toFixed(2);
  console.log(`${what}: ${events} events, ${each(deltas)} delta rows and ${each(bytes)} bytes of state each`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(values.folder, 'trellis-state-'));
  const source = createDataSource(`sqlite:${join(folder, 'bench.db')}`);
  await source.initialize();
  await source.runMigrations();
  const storage = await openStorage(source, {
    writer: 1,
    onListenerError: (error) => {
      throw error;
    },
  });
  const signingKey = SigningKey.fromSeed('ed25519:bench', Buffer.alloc(32, 1));
  const timeline = new Timeline({ serverName: SERVER, signingKey }, storage, new RoomState(storage));
  const { room } = await timeline.createRoom({
    version: '12',
    sender: ALICE,
    createContent: {},
    drafts: [
      { type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } },
      { type: 'm.room.power_levels', stateKey: '', content: { users: {} } },
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
    ],
  });
  const members = Number(values.members);
  const changes = Number(values.changes);
  const user = (index: number): string => `@user-${index}:${SERVER}`;
  const member = (index: number, membership: string) =>
    timeline.append(room, [
      { type: 'm.room.member', stateKey: user(index), sender: user(index), content: { membership, displayname: 'A' } },
    ]);
  const all = async (count: number, each: (index: number) => Promise<unknown>): Promise<void> => {
    for (let i = 0; i < count; i += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - i) }, (_, j) => each(i + j)));
    }
  };
  let before = await sizes(storage);
  const measure = async (what: string, count: number, each: (index: number) => Promise<unknown>): Promise<void> => {
    await all(count, each);
    const after = await sizes(storage);
    report(what, before, after);
    before = after;
  };
  await measure(`joins up to ${members} members`, members, (index) => member(index, 'join'));
  await measure('leaves', changes, (index) => member(index, 'leave'));
  await measure('joins again', changes, (index) => member(index, 'join'));
  await measure('messages', changes, (index) =>
    timeline.append(room, [
      { type: 'm.room.message', sender: user(index), content: { msgtype: 'm.text', body: 'hello' } },
    ]),
  );
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
