import { ForServers } from '../../../../src/domain/event-views';
import { Destinations } from '../../../../src/domain/federation/destinations.service';
import { FederationSender, type OutgoingTransaction, type TransactionCarrier } from '#domain/federation-sender';
import { Receipts, type ReceiptRequest } from '../../../../src/domain/receipts';
import { RoomState } from '../../../../src/domain/room-state';
import { Timeline } from '../../../../src/domain/timeline';
import type { JsonObject } from '#kernel/json';
import type { Storage } from '#platform/storage/storage';
import { startTestStorage } from '../../../support/storage';
import { ALICE, makeRoom, requester, say, SERVER, signingKey } from '../timeline/rig';

/** The servers of a test: what they do with a transaction, and what arrived. */
export class FakeCarrier implements TransactionCarrier {
  /** Every attempt, in order. */
  readonly attempts: { readonly destination: string; readonly transaction: OutgoingTransaction }[] = [];
  /** What a server does; the others take everything. */
  readonly answers = new Map<string, (transaction: OutgoingTransaction) => void | Promise<void>>();
  underWay = 0;
  mostUnderWay = 0;
  private readonly accepted = new Map<string, OutgoingTransaction[]>();

  async send(destination: string, transaction: OutgoingTransaction): Promise<void> {
    this.attempts.push({ destination, transaction });
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    try {
      // As over a network: never within the same turn of the event loop.
      await new Promise(setImmediate);
      await this.answers.get(destination)?.(transaction);
      this.accepted.set(destination, [...this.transactions(destination), transaction]);
    } finally {
      this.underWay--;
    }
  }

  transactions(destination: string): readonly OutgoingTransaction[] {
    return this.accepted.get(destination) ?? [];
  }

  attemptsOn(destination: string): OutgoingTransaction[] {
    return this.attempts.filter((one) => one.destination === destination).map(({ transaction }) => transaction);
  }

  /** The texts of messages, and types of other events, that a server has got. */
  arrived(destination: string): string[] {
    return this.transactions(destination).flatMap(({ pdus }) => pdus.map(textOf));
  }

  edus(destination: string): JsonObject[] {
    return this.transactions(destination).flatMap(({ edus }) => [...edus]);
  }
}

export function textOf(pdu: JsonObject): string {
  const { body, membership } = pdu['content'] as { body?: string; membership?: string };
  return body ?? (membership === undefined ? (pdu['type'] as string) : `${membership} ${pdu['state_key'] as string}`);
}

/** Counts what is asked of a database; can be cut off from it, as by the end of the process. */
class Tap {
  statements: string[] = [];
  rowsWritten = new Map<string, number>();
  writes = 0;
  /** Reads and writes that have not come back. */
  pending = 0;
  isCut = false;

  on(storage: Storage): Storage {
    return new Proxy(storage, {
      get: (target, name) => {
        if (name === 'all' || name === 'get') return this.read(target, name);
        if (name === 'write') return this.write(target);
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? (value as (...rest: unknown[]) => unknown).bind(target) : value;
      },
    });
  }

  reset(): void {
    this.statements = [];
    this.rowsWritten.clear();
    this.writes = 0;
  }

  /** Rows inserted or updated in a table. */
  rows(table: string): number {
    return this.rowsWritten.get(table) ?? 0;
  }

  private read(target: Storage, name: 'all' | 'get') {
    return (sql: string, params: never) => {
      this.check();
      this.statements.push(sql);
      return this.counted(target[name](sql, params));
    };
  }

  private write(target: Storage): Storage['write'] {
    return (work) => {
      this.check();
      this.writes++;
      const written = target.write((tx) => {
        const counted = (name: 'insert' | 'upsert') => {
          return (table: string, ...rest: [never, never, never]) => {
            const rows = (name === 'insert' ? rest[0] : rest[1]) as unknown;
            this.rowsWritten.set(table, this.rows(table) + (Array.isArray(rows) ? rows.length : 1));
            this.statements.push(`${name} ${table}`);
            return tx[name](table, ...rest);
          };
        };
        const tapped = new Proxy(tx, {
          get: (_tx, name) => {
            if (name === 'insert' || name === 'upsert') return counted(name);
            const value = Reflect.get(tx, name) as unknown;
            return typeof value === 'function' ? (value as (...rest: unknown[]) => unknown).bind(tx) : value;
          },
        });
        return work(tapped);
      });
      return this.counted(written);
    };
  }

  private counted<T>(work: Promise<T>): Promise<T> {
    this.pending++;
    return work.finally(() => this.pending--);
  }

  private check(): void {
    if (this.isCut) throw new Error('This process has ended');
  }
}

/** Who is in which room, as told by the test. */
class FakeServers {
  readonly inRoom = new Map<number, Set<string>>();

  of = async ({ nid }: { readonly nid: number }) => [...(this.inRoom.get(nid) ?? [])];
  has = async ({ nid }: { readonly nid: number }, server: string) => this.inRoom.get(nid)?.has(server) === true;
  isAlone = (nid: number) => this.inRoom.get(nid)?.size === 0;
}

/** Time passes as the test says for the sender, not for the database. */
const NOT_FAKED = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
] as const;

/** A sender on a database of its own, with servers that live in memory and a clock that the test moves. */
export async function startSender() {
  const database = await startTestStorage();
  const clock = { now: 1_700_000_000_000 };
  const carrier = new FakeCarrier();
  const servers = new FakeServers();
  const errors: unknown[] = [];
  const typists = new Map<string, string[]>();
  let process = open();
  jest.useFakeTimers({ doNotFake: [...NOT_FAKED] });

  function open() {
    const tap = new Tap();
    const storage = tap.on(database.storage);
    const roomState = new RoomState(storage);
    const timeline = new Timeline({ serverName: SERVER, signingKey }, storage, roomState, () => clock.now);
    const destinations = new Destinations(storage, () => clock.now);
    const membership = { servers, allOf: async () => [], heroes: async () => [] } as never;
    const receipts = new Receipts(storage, {
      membership: {
        of: async (_userId: string, roomId: string) => ({
          membership: 'join',
          roomNid: (await roomState.info(roomId))!.nid,
        }),
      } as never,
      relations: { threadOf: async () => undefined },
      accountData: undefined as never,
      timeline,
      now: () => clock.now,
    });
    const reading = new ForServers({ serverName: SERVER, rooms: roomState, timeline, membership });
    const sender = new FederationSender({
      storage,
      federation: { serverName: SERVER, destinations, rules: { allows: () => true } as never },
      roomState,
      timeline,
      membership,
      receipts,
      typing: { current: (roomId) => typists.get(roomId) ?? [] },
      reading,
      carrier,
      now: () => clock.now,
      onError: (error) => {
        if (!tap.isCut) errors.push(error);
      },
    });
    return { tap, storage, roomState, timeline, destinations, receipts, sender };
  }

  const rows = async (table: string) => database.storage.all<Record<string, never>>(`SELECT * FROM ${table}`);
  const rig = {
    database,
    clock,
    carrier,
    servers,
    errors,
    typists,
    get process() {
      return process;
    },
    /** Rows of a table. */
    rows,
    /** A room of Alice's in which other servers are. */
    room: async (...inRoom: string[]) => {
      // Rooms that begin alike at the same time would be the same one.
      clock.now++;
      const room = await makeRoom(process.timeline);
      servers.inRoom.set(room.nid, new Set(inRoom));
      return room;
    },
    say: (room: { roomId: string }, text: string, userId = ALICE) => say(process.timeline, room.roomId, userId, text),
    /** Sends an event about somebody's membership; which servers are in the room `servers.inRoom` says all the same. */
    sendMember: (room: { roomId: string }, sender: string, stateKey: string, membership: string) => {
      const draft = { roomId: room.roomId, type: 'm.room.member', stateKey, content: { membership } };
      return process.timeline.send(requester(sender), draft);
    },
    /** Somebody of ours has read up to an event. */
    read: (request: Omit<ReceiptRequest, 'type'> & Partial<Pick<ReceiptRequest, 'type'>>, userId = ALICE) =>
      process.receipts.set(requester(userId), { type: 'm.read', ...request }),
    /** Until nothing happens any more. */
    settle: async () => {
      for (let still = 0, seen = -1; still < 10; still++) {
        if (seen !== carrier.attempts.length || process.tap.pending > 0) still = 0;
        seen = carrier.attempts.length;
        for (let i = 0; i < 4; i++) await new Promise(setImmediate);
      }
    },
    /** Lets time pass. */
    pass: async (ms: number) => {
      clock.now += ms;
      await jest.advanceTimersByTimeAsync(ms);
      await rig.settle();
    },
    /** Until all that was sent has left the outbox: two checkpoints. */
    forgetTheOutbox: async () => {
      await rig.settle();
      await rig.pass(10_000);
      await rig.pass(10_000);
    },
    /** As by kill -9: nothing is written any more, what is under way is lost. */
    crash: async () => {
      process.tap.isCut = true;
      process = open();
      await process.sender.start();
      await rig.settle();
    },
    restart: async () => {
      await process.sender.stop();
      process = open();
      await process.sender.start();
      await rig.settle();
    },
    stop: async () => {
      await process.sender.stop();
      jest.useRealTimers();
      await database.stop();
    },
  };
  await process.sender.start();
  return rig;
}

export type SenderRig = Awaited<ReturnType<typeof startSender>>;
