import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { eventually, joinRoom, makeRoom, messagesOf, register, say, type Person } from './people';
import { ThirdServer } from './third-server';

describe('a server that comes into a room by way of another', () => {
  let federation: TestFederation;
  let one: FederatedServer;
  let two: FederatedServer;
  let third: ThirdServer;
  let alice: Person;
  let zoe: Person;

  beforeAll(async () => {
    federation = startTestFederation();
    [one, two] = await Promise.all([federation.start(), federation.start()]);
    third = await ThirdServer.start(federation, one);
    alice = await register(one, 'alice');
    zoe = await register(two, 'zoe');
  });
  afterAll(async () => {
    await third?.stop();
    await federation.stop();
  });

  const roomOf = (version: string) => makeRoom(alice, { room_version: version, preset: 'public_chat' });

  it.each(['3', '10', '12'])(
    'hears what is said by a server that does not know of it, in version %s',
    async (version) => {
      const roomId = await roomOf(version);
      const room = await third.join(roomId);
      await joinRoom(zoe, roomId, one.serverName);
      await third.say(room, 'to whom I know');
      await eventually(async () => expect(await messagesOf(zoe, roomId)).toEqual(['to whom I know']));
      // And goes on from there.
      await third.say(room, 'once more');
      await say(zoe, roomId, 'I am here, too');
      await eventually(async () => {
        for (const reader of [alice, zoe]) {
          const texts = ['I am here, too', 'once more', 'to whom I know'];
          expect((await messagesOf(reader, roomId)).sort()).toEqual(texts);
        }
      });
    },
  );

  it('hears it after the one that let it in was killed at once', async () => {
    const roomId = await roomOf('12');
    const room = await third.join(roomId);
    await joinRoom(zoe, roomId, one.serverName);
    await two.pause();
    await third.say(room, 'while nobody listens');
    await one.process.stop('SIGKILL');
    await one.restart();
    await two.restart();
    // By this one hears that it is there again; it does not follow what the third server said.
    await say(zoe, roomId, 'here again');
    const texts = ['here again', 'while nobody listens'];
    await eventually(async () => expect((await messagesOf(zoe, roomId)).sort()).toEqual(texts), 60);
  });

  it('hears what was said between the template of its join and the join', async () => {
    const roomId = await roomOf('12');
    const room = await third.join(roomId);
    const newcomer = await ThirdServer.start(federation, one);
    try {
      await newcomer.join(roomId, async () => {
        await third.say(room, 'by another');
        await say(alice, roomId, 'by the one that lets it in');
        await third.say(room, 'by another, once more');
      });
      const texts = ['by another, once more', 'by the one that lets it in'];
      await eventually(async () => expect(newcomer.heard.sort()).toEqual(texts));
      expect(third.heard.filter((text) => text.startsWith('by another'))).toEqual([]);
    } finally {
      await newcomer.stop();
    }
  });
});
