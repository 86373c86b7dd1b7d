import fc from 'fast-check';
import { AccountData } from '../../../../src/domain/account-data';
import { Notifications } from '../../../../src/domain/notifications';
import { PushRules } from '../../../../src/domain/push-rules';
import { Receipts } from '../../../../src/domain/receipts';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { redact, relate, startReading, type ReadingRig } from '../event-views/reading-rig';
import { ALICE, BOB, makeRoom, requester } from '../timeline/rig';

/** What happens next; `pick` chooses among the events there are. */
interface Step {
  readonly what:
    | 'message'
    | 'mention'
    | 'thread'
    | 'own'
    | 'ownInThread'
    | 'redact'
    | 'read'
    | 'readMain'
    | 'readThread'
    | 'restart';
  readonly pick: number;
}

interface Said {
  readonly eventId: string;
  readonly thread: string;
  readonly byAlice: boolean;
  readonly highlight: boolean;
  gone: boolean;
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom<Step['what']>(
      ...([
        'message',
        'message',
        'mention',
        'thread',
        'thread',
        'own',
        'ownInThread',
        'redact',
        'read',
        'readMain',
        'readThread',
        'restart',
      ] as const),
    ),
    pick: fc.nat(),
  }),
  { minLength: 3, maxLength: 20 },
);

describe('unread counts', () => {
  let rig: ReadingRig;
  let receipts: Receipts;
  let pushRules: PushRules;
  beforeAll(async () => {
    rig = await startReading();
    const accountData = new AccountData(rig.storage);
    const { storage, membership, timeline, relations } = rig;
    receipts = new Receipts(storage, { membership, timeline, relations, accountData, now: Date.now });
    pushRules = new PushRules(storage, accountData);
  });
  afterAll(() => rig.stop());

  const make = () =>
    new Notifications(rig.storage, { ...rig, pushRules, receipts }, (error) => {
      throw error;
    });

  /** Counts the plain way: everything said, less what was read, by Alice, not taken back. */
  class Book {
    readonly said: Said[] = [];
    /** Index of the last event read, by thread, and for all threads. */
    private readonly read = new Map<string, number>();

    mark(thread: string, index: number): void {
      this.read.set(thread, Math.max(this.read.get(thread) ?? -1, index));
    }

    counts(): Record<string, [number, number]> {
      const counts: Record<string, [number, number]> = {};
      this.said.forEach(({ thread, byAlice, highlight, gone }, index) => {
        if (!byAlice || gone || index <= (this.read.get('*') ?? -1) || index <= (this.read.get(thread) ?? -1)) return;
        const [all, high] = counts[thread] ?? [0, 0];
        counts[thread] = [all + 1, high + (highlight ? 1 : 0)];
      });
      return counts;
    }
  }

  const play = async (room: RoomInfo, book: Book, { what, pick }: Step): Promise<void> => {
    const { timeline } = rig;
    const { said } = book;
    const some = said.length === 0 ? undefined : said[pick % said.length]!;
    const index = some === undefined ? -1 : said.indexOf(some);
    const note = (eventId: string, more: Partial<Said>) =>
      said.push({ eventId, thread: 'main', byAlice: true, highlight: false, gone: false, ...more });
    const roots = said.filter((one) => one.thread === 'main');
    const root = roots[pick % Math.max(roots.length, 1)]?.eventId;
    const inThread = { 'm.relates_to': { rel_type: 'm.thread', event_id: root ?? '' } };
    const read = (eventId: string, threadId?: string) =>
      receipts.set(requester(BOB), {
        roomId: room.roomId,
        type: pick % 2 === 0 ? 'm.read' : 'm.read.private',
        eventId,
        threadId,
      });
    switch (what) {
      case 'message':
        note(await relate(timeline, room.roomId, ALICE, {}), {});
        break;
      case 'mention':
        note(await relate(timeline, room.roomId, ALICE, { 'm.mentions': { user_ids: [BOB] } }), { highlight: true });
        break;
      case 'thread':
        if (root !== undefined) note(await relate(timeline, room.roomId, ALICE, inThread), { thread: root });
        break;
      case 'own':
        note(await relate(timeline, room.roomId, BOB, {}), { byAlice: false });
        book.mark('main', said.length - 1);
        break;
      case 'ownInThread':
        if (root === undefined) break;
        note(await relate(timeline, room.roomId, BOB, inThread), { byAlice: false, thread: root });
        book.mark(root, said.length - 1);
        break;
      case 'redact':
        if (some === undefined || some.gone) break;
        await redact(timeline, room.roomId, some.byAlice ? ALICE : BOB, some.eventId);
        some.gone = true;
        break;
      case 'read':
        if (some === undefined) break;
        await read(some.eventId);
        book.mark('*', index);
        break;
      case 'readMain':
        if (some?.thread !== 'main') break;
        await read(some.eventId, 'main');
        book.mark('main', index);
        break;
      case 'readThread':
        if (some === undefined || some.thread === 'main') break;
        await read(some.eventId, some.thread);
        book.mark(some.thread, index);
        break;
      case 'restart':
        break;
    }
  };

  it('are right after every step, also when somebody asks seldom or the server was restarted', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const room = await makeRoom(rig.timeline, '12', [BOB]);
        const book = new Book();
        let often = make();
        for (const one of plan) {
          await play(room, book, one);
          if (one.what === 'restart') {
            await often.stop();
            often = make();
          }
          const { main, threads } = await often.counts(BOB, room);
          const found = Object.fromEntries(
            [['main', main] as const, ...threads].map(([thread, count]) => [
              thread,
              [count.notification, count.highlight],
            ]),
          );
          expect(found).toEqual({ main: [0, 0], ...book.counts() });
        }
        // `often` has written nothing down since the last restart: this one judges most of it again, in one go.
        expect(await make().counts(BOB, room)).toEqual(await often.counts(BOB, room));
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
