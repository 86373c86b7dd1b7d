import type { Storage, Tx } from '#platform/storage/storage';
import { RoomState } from '../../../../src/domain/room-state';
import { Timeline } from '../../../../src/domain/timeline';
import { BOB as BOB_ELSEWHERE, startRoom, text } from './elsewhere-room';
import { ALICE, makeRoom, requester, say, SERVER, signingKey, startTimeline, type Rig } from './rig';

/** A storage whose transactions fail when told to: before their statements, after them, or at the statement `insert`. */
class Failing {
  /** Called in each transaction with its number; a throw makes it fail. */
  before: (transaction: number) => void = () => undefined;
  after: (transaction: number, tx: Tx) => void = () => undefined;
  private count = 0;

  wrap = (storage: Storage): Storage =>
    new Proxy(storage, {
      get: (target, property: keyof Storage) => {
        if (property === 'write') return this.write(target);
        const value = target[property];
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });

  private write =
    (storage: Storage) =>
    <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
      const transaction = ++this.count;
      return storage.write(async (tx) => {
        this.before(transaction);
        const result = await work(tx);
        this.after(transaction, tx);
        return result;
      });
    };
}

describe('a failing commit', () => {
  let failing: Failing;
  let rig: Rig;
  beforeEach(async () => {
    failing = new Failing();
    rig = await startTimeline(failing.wrap);
  });
  afterEach(() => rig.stop());

  const reloaded = () =>
    new Timeline({ serverName: SERVER, signingKey }, rig.database.storage, new RoomState(rig.database.storage));

  it('loses nothing that was acknowledged and leaves no gap', async () => {
    const { timeline } = rig;
    const rooms = await Promise.all([makeRoom(timeline), makeRoom(timeline, '11'), makeRoom(timeline, '2')]);
    let seen = 0;
    failing.after = () => {
      if (++seen % 3 === 0) throw new Error('the disk is full');
    };
    const acknowledged: string[] = [];
    let refused = 0;
    const chat = async (roomId: string, name: string) => {
      for (let i = 0; i < 40; i++) {
        await say(timeline, roomId, ALICE, `${name} ${i}`).then(
          (eventId) => acknowledged.push(eventId),
          () => refused++,
        );
      }
    };
    await Promise.all(rooms.flatMap((room) => ['a', 'b', 'c'].map((name) => chat(room.roomId, name))));
    expect(refused).toBeGreaterThan(0);
    failing.after = () => undefined;
    for (const room of rooms) await say(timeline, room.roomId, ALICE, 'it goes on');
    const fresh = reloaded();
    const stored = await Promise.all(rooms.map((room) => fresh.range(room, { direction: 'f', limit: 1_000 })));
    for (const events of stored) {
      expect(events.map((event) => event.ordinal)).toEqual(events.map((_, index) => index + 1));
      events.slice(1).forEach((event, index) => {
        const [previous] = event.pdu.prev_events as (string | [string])[];
        expect(Array.isArray(previous) ? previous[0] : previous).toBe(events[index]!.eventId);
      });
    }
    const ids = new Set(stored.flat().map((event) => event.eventId));
    expect(acknowledged.filter((eventId) => !ids.has(eventId))).toEqual([]);
    expect(ids.size).toBe(acknowledged.length + 3 * 5);
  });

  it('answers the repeat of a refused request with a new try', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline);
    const key = { userId: ALICE, scope: 'D', path: 'send', txnId: 'x' };
    const draft = { roomId: room.roomId, type: 'm.room.message', content: { msgtype: 'm.text', body: 'again' } };
    failing.before = () => {
      throw new Error('not now');
    };
    await expect(timeline.send(requester(ALICE), draft, key)).rejects.toThrow('not now');
    failing.before = () => undefined;
    const eventId = await timeline.send(requester(ALICE), draft, key);
    expect(await timeline.send(requester(ALICE), draft, key)).toBe(eventId);
  });

  it('refuses a turn of received events as a whole, and leaves no rejection that nobody hears', async () => {
    const elsewhere = await startRoom('12', {}, [], failing.wrap);
    const { dag, joined, receive, order, room } = elsewhere;
    const said = dag.add([joined], text(BOB_ELSEWHERE, 'not kept'));
    // What is not plain waits for the commit of what came before it.
    const redaction = dag.add([said], {
      sender: BOB_ELSEWHERE,
      type: 'm.room.redaction',
      content: { redacts: said.eventId },
    });
    failing.before = () => {
      throw new Error('the disk is full');
    };
    await expect(receive(said.pdu, redaction.pdu)).rejects.toThrow('the disk is full');
    failing.before = () => undefined;
    // Rejections that nobody handles fail the test, as they would end the program.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await receive(said.pdu, redaction.pdu);
    expect((await order(room)).slice(-2)).toEqual([said.eventId, redaction.eventId]);
    await elsewhere.stop();
  });

  it('refuses received events whose turn is over when their commit fails', async () => {
    const elsewhere = await startRoom('12', {}, [], failing.wrap);
    const { dag, joined, receive, order, room } = elsewhere;
    const said = [joined];
    for (let i = 0; i < 40; i++) said.push(dag.add([said.at(-1)!], text(BOB_ELSEWHERE, `text ${i}`)));
    const pdus = said.slice(1).map((node) => node.pdu);
    let isFirst = true;
    failing.before = () => {
      if (isFirst) throw new Error('the disk is full');
    };
    const received = receive(...pdus);
    await expect(received).rejects.toThrow('the disk is full');
    isFirst = false;
    await elsewhere.timeline.ingest.idle();
    await receive(...pdus);
    expect((await order(room)).slice(-40)).toEqual(said.slice(1).map((node) => node.eventId));
    await elsewhere.stop();
  });

  it('keeps the trouble of one room from the others that share its transaction', async () => {
    const { timeline } = rig;
    const room = await makeRoom(timeline);
    const refused = timeline.createRoom({
      version: '12',
      sender: ALICE,
      createContent: {},
      drafts: [{ type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } }],
      within: async () => {
        throw new Error('the alias is taken');
      },
    });
    const sent = say(timeline, room.roomId, ALICE, 'unharmed');
    await expect(refused).rejects.toThrow('the alias is taken');
    expect(await reloaded().event(await sent)).toMatchObject({ ordinal: 5 });
  });
});
