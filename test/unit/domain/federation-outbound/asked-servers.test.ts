import { UnreachableServerError } from '#domain/federation';
import type { RoomInfo } from '../../../../src/domain/room-state';
import type { StoredEvent } from '../../../../src/domain/timeline';
import { requester } from '../membership/rig';
import type { FarRoom } from './fake-servers';
import { farRoom, join, startOutbound, state, type OutboundRig } from './rig';

describe('history from before the join', () => {
  let rig: OutboundRig;
  let far: FarRoom;
  let room: RoomInfo;
  beforeEach(async () => {
    rig = await startOutbound();
    const carol = await rig.people.addUser('carol');
    // Most members are of b.org; what stands last before the join is Alice's, of a.org.
    const more = [join('@bea:b.org'), join('@ben:b.org'), state('m.room.topic', { topic: 'Tulips' })];
    far = rig.servers.know(farRoom('11', { join_rule: 'public' }, more));
    await rig.membership.join(requester(carol), far.roomId, { via: ['a.org'] });
    room = (await rig.roomState.info(far.roomId))!;
    rig.servers.calls.length = 0;
  });
  afterEach(() => rig.stop());

  const shown = (): Promise<StoredEvent[]> => rig.timeline.range(room, { direction: 'f', limit: 100 });
  const fill = async (): Promise<boolean> => rig.timeline.history.fillAbove(room, await shown(), 60_000);
  const asked = (): string[] => rig.servers.calls.filter((call) => call.startsWith('backfill '));

  it('is asked of the server with most members, and of nobody else when it has it', async () => {
    expect(await fill()).toBe(true);
    expect(asked()).toEqual(['backfill b.org']);
  });

  it('is asked of others first while that one is left alone', async () => {
    rig.away.set('b.org', Date.now() + 60_000);
    expect(await fill()).toBe(true);
    expect(asked()).toEqual(['backfill a.org']);
  });

  it('is asked of a server again whose time to be left alone is over', async () => {
    rig.away.set('b.org', Date.now() - 1);
    expect(await fill()).toBe(true);
    expect(asked()).toEqual(['backfill b.org']);
  });

  it.each([
    ['is away', async () => Promise.reject(new UnreachableServerError('b.org', 'away'))],
    ['has nothing', async () => []],
    ['gives events of another room', async () => farRoom('11').pdus(farRoom('11').dag.nodes.keys())],
    ['gives no events', async () => [null, 5, {}]],
  ])('is asked of the next when the first %s', async (_, answer) => {
    const honest = rig.servers.backfill.bind(rig.servers);
    rig.servers.backfill = async (...question) => {
      const good = await honest(...question);
      return question[0] === 'b.org' ? answer() : good;
    };
    expect(await fill()).toBe(true);
    expect(asked()).toEqual(['backfill b.org', 'backfill a.org']);
  });

  it('is asked of the sender’s server of what follows it, which must have had it', async () => {
    const honest = rig.servers.backfill.bind(rig.servers);
    rig.servers.backfill = async (server, roomId, eventIds) => honest(server, roomId, eventIds, 1);
    await fill();
    expect((await shown())[0]!.type).toBe('m.room.topic');
    await fill();
    expect(asked()).toEqual(['backfill b.org', 'backfill a.org']);
  });

  it('is asked of others from then on, when none of the first helps', async () => {
    const others = ['c.org', 'd.org'].flatMap((server) => [join(`@one:${server}`), join(`@two:${server}`)]);
    const crowd = rig.servers.know(farRoom('12', { join_rule: 'public' }, [...others, join('@bea:b.org')]));
    await rig.membership.join(requester(await rig.people.addUser('dave')), crowd.roomId, { via: ['a.org'] });
    room = (await rig.roomState.info(crowd.roomId))!;
    rig.servers.trouble.set('b.org', new UnreachableServerError('b.org', 'away'));
    expect(await fill()).toBe(false);
    expect(asked().sort()).toEqual(['backfill b.org', 'backfill c.org', 'backfill d.org']);
    rig.servers.calls.length = 0;
    expect(await fill()).toBe(true);
    expect(asked()).toEqual(['backfill a.org']);
  });

  it('is not to be had when all are away', async () => {
    for (const server of ['a.org', 'b.org'])
      rig.servers.trouble.set(server, new UnreachableServerError(server, 'away'));
    expect(await fill()).toBe(false);
    expect(asked()).toEqual(['backfill b.org', 'backfill a.org']);
  });
});
