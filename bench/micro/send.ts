import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Membership } from '#domain/membership';
import { AccountData } from '#domain/account-data';
import { Accounts, DEFAULT_PASSWORDS } from '#domain/accounts';
import { Directory } from '#domain/directory';
import { Profiles } from '#domain/profiles';
import { Relations } from '#domain/relations';
import { RoomState } from '#domain/room-state';
import { Timeline } from '#domain/timeline';
import type { Requester } from '#kernel/requester';
import { createDataSource } from '#main/storage/data-source';
import { openStorage } from '#platform/storage/open';
import { SigningKey } from '#protocol/signing/index';

/**
 * How many messages the timeline takes a second, with no HTTP before it: signed, authorised, durable on SQLite, each with
 * a transaction id, sent by as many senders as there are rooms, each waiting for its answer.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    rooms: { type: 'string', default: '16' },
    senders: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    folder: { type: 'string', default: tmpdir() },
  },
});

const SERVER = 'bench.example';
const ALICE = `@alice:${SERVER}`;
const requester: Requester = { userId: ALICE, deviceId: 'BENCH', tokenId: 1, isGuest: false, isAdmin: false };
const now = (): number => Date.now();

async function openTimeline(folder: string) {
  const source = createDataSource(`sqlite:${join(folder, 'bench.db')}`);
  await source.initialize();
  await source.runMigrations();
  const onError = (error: unknown): void => console.error(error);
  const storage = await openStorage(source, { writer: 1, onListenerError: onError });
  const roomState = new RoomState(storage);
  const signingKey = SigningKey.fromSeed('ed25519:bench', Buffer.alloc(32, 1));
  const timeline = new Timeline({ serverName: SERVER, signingKey }, storage, roomState);
  const accounts = new Accounts(storage, { serverName: SERVER, passwords: DEFAULT_PASSWORDS }, now);
  const profiles = new Profiles(storage, accounts);
  const accountData = new AccountData(storage);
  const membership = new Membership({ storage, accounts, accountData, profiles, roomState, timeline, onError });
  const directory = { serverName: SERVER, publishPolicy: 'open' } as const;
  new Directory(directory, storage, { roomState, timeline, membership }, now);
  const relations = new Relations(storage);
  timeline.addParticipant(relations);
  timeline.addRule(relations);
  return { storage, timeline };
}

async function makeRoom(timeline: Timeline): Promise<string> {
  const { room } = await timeline.createRoom({
    version: '12',
    sender: ALICE,
    createContent: {},
    drafts: [
      { type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } },
      { type: 'm.room.power_levels', stateKey: '', content: { users: {} } },
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'invite' } },
    ],
  });
  return room.roomId;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(values.folder, 'trellis-bench-'));
  const { storage, timeline } = await openTimeline(folder);
  const roomIds: string[] = [];
  for (let i = 0; i < Number(values.rooms); i++) roomIds.push(await makeRoom(timeline));
  const until = (ms: number) => performance.now() + ms;
  let sent = 0;
  const chat = async (roomId: string, name: string, end: number): Promise<void> => {
    for (let i = 0; performance.now() < end; i++) {
      const content = { msgtype: 'm.text', body: `message ${i} of ${name}: hello to all of you in this room` };
      const transaction = { userId: ALICE, scope: 'BENCH', path: `send ${roomId}`, txnId: `${name} ${i}` };
      await timeline.send(requester, { roomId, type: 'm.room.message', content }, transaction);
      sent++;
    }
  };
  const all = (prefix: string, end: number) =>
    Promise.all(
      roomIds.flatMap((roomId, room) =>
        Array.from({ length: Number(values.senders) }, (_, sender) => chat(roomId, `${prefix}${room}.${sender}`, end)),
      ),
    );
  await all('warm', until(1_000));
  sent = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  await all('run', until(Number(values.seconds) * 1_000));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const perSend = (user + system) / sent;
  console.log(
    `${values.rooms} rooms, ${values.senders} senders each: ${Math.round(sent / seconds)} sends/s, ` +
      `${perSend.toFixed(0)} microseconds of CPU a send`,
  );
  await storage.close();
  rmSync(folder, { recursive: true });
}

void main();
