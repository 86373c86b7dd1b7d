import { Newcomers } from '../../../../src/domain/federation-sender/newcomers.model';

const ROOM = 7;
const MINUTE = 60_000;

describe('what is remembered of who was let into a room', () => {
  let now = 0;
  let newcomers: Newcomers;
  beforeEach(() => {
    newcomers = new Newcomers(() => now);
  });

  const letIn = (server: string, roomNid = ROOM, joinNid = 1): void =>
    newcomers.add(newcomers.by({ server, roomNid, userId: `@user:${server}`, joinNid }));
  const names = (roomNid = ROOM) => newcomers.of(roomNid).map(({ server }) => server);

  it('is the servers of each room, for five minutes', () => {
    letIn('a.test');
    now += 3 * MINUTE;
    letIn('b.test');
    letIn('b.test', 8);
    expect(names()).toEqual(['a.test', 'b.test']);
    now += 2 * MINUTE;
    expect(names()).toEqual(['b.test']);
    now += 3 * MINUTE;
    expect([names(), names(8)]).toEqual([[], []]);
  });

  it('is a server’s newest join, when it has left and come again', () => {
    letIn('a.test', ROOM, 1);
    letIn('a.test', ROOM, 2);
    expect(newcomers.of(ROOM)).toMatchObject([{ server: 'a.test', joinNid: 2 }]);
  });

  it('is twenty servers of a room and a thousand rooms, the newest', () => {
    for (let i = 0; i < 30; i++) letIn(`server${i}.test`);
    expect(names()).toEqual(Array.from({ length: 20 }, (_, i) => `server${i + 10}.test`));
    for (let room = 100; room < 1_100; room++) letIn('a.test', room);
    expect([names(ROOM), names(100), names(1_099)]).toEqual([[], ['a.test'], ['a.test']]);
  });
});
