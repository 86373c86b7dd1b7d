import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RoomState, type RoomInfo } from '#domain/room-state';
import { Timeline, type MissingEventSource } from '#domain/timeline';
import { serverNameOf } from '#kernel/ids';
import type { JsonObject, JsonValue } from '#kernel/json';
import { createDataSource } from '#main/storage/data-source';
import { openStorage } from '#platform/storage/open';
import type { Storage, Tx } from '#platform/storage/storage';
import {
  buildEvent,
  hashAndSign,
  requiredSigners,
  verifyEventSignature,
  type Pdu,
  type SignedEvent,
} from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { SigningKey, VerifyKey } from '#protocol/signing/index';

/**
 * How many events of another server the timeline takes in a second, with no HTTP before it and no other feature beside it:
 * checked, judged and durable on SQLite, in transactions of 50; and how many statements each costs. The events are a line
 * of messages, a line of state, or forks that are joined again.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    events: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
    folder: { type: 'string', default: tmpdir() },
  },
});

const OURS = 'bench.example';
const THEIRS = 'peer.example';
const OWNER = `@owner:${THEIRS}`;
const READER = `@reader:${OURS}`;
const VERSION = roomVersion('12');
const PER_TRANSACTION = 50;
const FORKS = 3;
const KEYS: Readonly<Record<string, SigningKey>> = {
  [OURS]: SigningKey.fromSeed('ed25519:bench', Buffer.alloc(32, 1)),
  [THEIRS]: SigningKey.fromSeed('ed25519:peer', Buffer.alloc(32, 2)),
};

interface Draft {
  readonly type: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
  readonly sender?: string;
}

/** Events of the other server; each names its authority and predecessors by itself. */
class Line {
  readonly state: SignedEvent[] = [];
  private count = 0;

  add(previous: readonly SignedEvent[], draft: Draft): SignedEvent {
    const { sender = OWNER, ...rest } = draft;
    const [create, member, levels, rules] = this.state;
    const authority = [
      levels,
      sender === OWNER ? member : undefined,
      draft.type === 'm.room.member' ? rules : undefined,
    ];
    const pdu = buildEvent(VERSION, {
      ...rest,
      sender,
      roomId: create?.roomId,
      prevEvents: previous.map((event) => event.eventId),
      authEvents: authority.flatMap((event) => event?.eventId ?? []),
      depth: Math.max(0, ...previous.map((event) => event.pdu.depth)) + 1,
      originServerTs: ++this.count,
    });
    const server = serverNameOf(sender)!;
    return hashAndSign(VERSION, pdu, server, KEYS[server]!);
  }

  /** The room's first events, and our reader's join. */
  begin(): SignedEvent {
    const drafts: Draft[] = [
      { type: 'm.room.create', stateKey: '', content: { room_version: VERSION.id } },
      { type: 'm.room.member', stateKey: OWNER, content: { membership: 'join' } },
      { type: 'm.room.power_levels', stateKey: '', content: { users: {} } },
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
    ];
    for (const draft of drafts) this.state.push(this.add(this.state.slice(-1), draft));
    const content = { membership: 'join' };
    return this.add(this.state.slice(-1), { type: 'm.room.member', stateKey: READER, sender: READER, content });
  }
}

/** Counts what goes to the database. */
function counted(storage: Storage) {
  const counts = { reads: 0, writes: 0, transactions: 0 };
  const wrap = <T extends object>(target: T, kind: (name: string) => 'reads' | 'writes' | undefined): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          const which = kind(String(name));
          if (which !== undefined) counts[which]++;
          return Reflect.apply(value, object, args) as unknown;
        };
      },
    });
  const read = (name: string) => (name === 'all' || name === 'get' ? 'reads' : undefined);
  const written = (name: string) =>
    ['run', 'insert', 'insertIgnore', 'upsert'].includes(name) ? 'writes' : read(name);
  const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    counts.transactions++;
    return storage.write((tx) => work(wrap(tx, written)));
  };
  const proxy = wrap(storage, read);
  return {
    counts,
    storage: new Proxy(proxy, {
      get: (object, name) => (name === 'write' ? write : (Reflect.get(object, name) as unknown)),
    }),
  };
}

const nobody = new Proxy({} as MissingEventSource, { get: () => () => Promise.reject(new Error('nobody is asked')) });

async function openTimeline(folder: string) {
  const source = createDataSource(`sqlite:${join(folder, 'bench.db')}`);
  await source.initialize();
  await source.runMigrations();
  const opened = await openStorage(source, { writer: 1, onListenerError: (error) => console.error(error) });
  const { counts, storage } = counted(opened);
  const timeline = new Timeline({ serverName: OURS, signingKey: KEYS[OURS]! }, storage, new RoomState(storage));
  const keys = new Map(Object.entries(KEYS).map(([name, key]) => [name, VerifyKey.fromBase64(key.publicKey)!]));
  timeline.bindElsewhere(
    {
      verifier: {
        verify: (version, events) =>
          Promise.resolve(
            events.map((event) => {
              const isSigned = requiredSigners(version, event.pdu).every((name) =>
                verifyEventSignature(event, name, KEYS[name]!.keyId, keys.get(name)!),
              );
              return isSigned ? undefined : new Error('not signed');
            }),
          ),
      },
      source: nobody,
      servers: { isResident: () => Promise.resolve(true), serversToAsk: () => Promise.resolve([]) },
    },
    (error) => console.error(error),
  );
  return { timeline, counts, close: () => opened.close() };
}

type Next = (line: Line, last: SignedEvent, index: number) => SignedEvent[];

const message = (line: Line, previous: readonly SignedEvent[], index: number): SignedEvent =>
  line.add(previous, {
    type: 'm.room.message',
    content: { msgtype: 'm.text', body: `message ${index}: hello to all` },
  });
const state = (line: Line, previous: readonly SignedEvent[], index: number): SignedEvent =>
  line.add(previous, { type: 'org.example.state', stateKey: `${index % 100}`, content: { index } });
const forked =
  (make: typeof message): Next =>
  (line, last, index) => {
    const forks = Array.from({ length: FORKS }, (_, fork) => make(line, [last], index + fork));
    return [...forks, make(line, forks, index + FORKS)];
  };

const SHAPES: Readonly<Record<string, Next>> = {
  'messages in a line': (line, last, index) => [message(line, [last], index)],
  'state in a line': (line, last, index) => [state(line, [last], index)],
  [`messages, ${FORKS} forks and a merge`]: forked(message),
  [`state, ${FORKS} forks and a merge`]: forked(state),
};

async function measure(name: string, next: Next): Promise<void> {
  const folder = mkdtempSync(join(values.folder, 'trellis-bench-'));
  const { timeline, counts, close } = await openTimeline(folder);
  const line = new Line();
  const joined = line.begin();
  const pdus = line.state.map((event) => event.pdu);
  const request = { roomId: joined.roomId, version: VERSION.id, origin: THEIRS, authChain: pdus, state: pdus };
  const { room } = await timeline.imports.importRoom({ ...request, joinEvent: joined.pdu });
  let last = joined;
  for (let run = 0; run <= Number(values.runs); run++) {
    const events: SignedEvent[] = [];
    while (events.length < Number(values.events)) {
      events.push(...next(line, last, events.length));
      last = events.at(-1)!;
    }
    Object.assign(counts, { reads: 0, writes: 0, transactions: 0 });
    const cpu = process.cpuUsage();
    const seconds = await received(
      timeline,
      room,
      events.map((event) => event.pdu),
    );
    const { user, system } = process.cpuUsage(cpu);
    if (run === 0) continue;
    const each = (n: number): string => (n / events.length).toFixed(2);
    console.log(
      `${name}: ${Math.round(events.length / seconds)} PDUs/s, ${each(user + system)} microseconds of CPU, reads ${each(counts.reads)}, ` +
        `writes ${each(counts.writes)}, transactions ${each(counts.transactions)} a PDU`,
    );
  }
  await close();
  rmSync(folder, { recursive: true, force: true });
}

async function received(timeline: Timeline, room: RoomInfo, pdus: readonly Pdu[]): Promise<number> {
  const before = await timeline.latestOrdinal(room);
  const start = performance.now();
  for (let i = 0; i < pdus.length; i += PER_TRANSACTION) {
    // As they come off the wire.
    const batch = JSON.parse(JSON.stringify(pdus.slice(i, i + PER_TRANSACTION))) as JsonValue[];
    await timeline.ingest.receive(THEIRS, batch);
  }
  const seconds = (performance.now() - start) / 1_000;
  const shown = (await timeline.latestOrdinal(room)) - before;
  if (shown !== pdus.length) throw new Error(`${shown} of ${pdus.length} events are there`);
  return seconds;
}

async function main(): Promise<void> {
  for (const [name, next] of Object.entries(SHAPES)) await measure(name, next);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
