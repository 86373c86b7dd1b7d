import type { JsonObject } from '#kernel/json';
import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { at, eventually, joinRoom, makeRoom, register, say, syncOf, type Person } from './people';

const MESSAGES = 150;

/** The texts of all of a room's messages, oldest first. */
async function allMessages(person: Person, roomId: string): Promise<string[]> {
  const texts: string[] = [];
  for (let from = ''; ;) {
    const { body } = await person.api('GET', at(roomId, `messages?dir=b&limit=100${from}`));
    const chunk = body['chunk'] as { type: string; content: { body?: string } }[];
    texts.push(...chunk.flatMap(({ type, content }) => (type === 'm.room.message' ? [content.body ?? ''] : [])));
    if (typeof body['end'] !== 'string') return texts.reverse();
    from = `&from=${encodeURIComponent(body['end'])}`;
  }
}

describe('what a server has promised to send', () => {
  let federation: TestFederation;
  let one: FederatedServer;
  let two: FederatedServer;
  let alice: Person;
  let bob: Person;
  let roomId: string;

  beforeAll(async () => {
    federation = startTestFederation();
    one = await federation.start();
    two = await federation.start();
    alice = await register(one, 'alice');
    bob = await register(two, 'bob');
    roomId = await makeRoom(alice, { preset: 'public_chat' });
    await joinRoom(bob, roomId, one.serverName);
  });
  afterAll(() => federation.stop());

  it('arrives once, all of it, though the server is killed in the midst', async () => {
    const acknowledged: string[] = [];
    let isKilled = false;
    const sending = Array.from({ length: MESSAGES }, async (_, i) => {
      try {
        await say(alice, roomId, `message ${i}`);
        acknowledged.push(`message ${i}`);
      } catch (error) {
        // Nobody promised anything after the end.
        if (!isKilled) throw error;
      }
      if (acknowledged.length === Math.floor(MESSAGES / 3)) {
        isKilled = true;
        void one.process.stop('SIGKILL');
      }
    });
    await Promise.all(sending);
    await one.restart();
    await say(alice, roomId, 'after the restart');
    await eventually(async () => {
      const arrived = await allMessages(bob, roomId);
      expect(arrived).toEqual(expect.arrayContaining([...acknowledged, 'after the restart']));
      expect(new Set(arrived).size).toBe(arrived.length);
    }, 30);
    expect(acknowledged.length).toBeGreaterThanOrEqual(Math.floor(MESSAGES / 3));
  });

  it('is caught up with by a server that was down for a while', async () => {
    await two.pause();
    await say(alice, roomId, 'while you were out');
    const eventId = await say(alice, roomId, 'and another');
    await alice.api('POST', at(roomId, `receipt/m.read/${encodeURIComponent(eventId)}`), {});
    await two.restart();
    // It says something, by which one hears that it is there.
    await say(bob, roomId, 'I am back');
    await eventually(async () => {
      expect(await allMessages(bob, roomId)).toEqual(expect.arrayContaining(['while you were out', 'and another']));
      const { ephemeral } = (await syncOf(bob)).join![roomId] as { ephemeral: JsonObject };
      expect(ephemeral['events']).toContainEqual({
        type: 'm.receipt',
        content: expect.objectContaining({ [eventId]: { 'm.read': { [alice.userId]: { ts: expect.any(Number) } } } }),
      });
    }, 30);
  });
});
