import { UnreachableServerError } from '#domain/federation';
import { requester } from '../membership/rig';
import type { FarRoom } from './fake-servers';
import { BOB, farRoom, startOutbound, type OutboundRig } from './rig';

describe('a large room, joined without its members', () => {
  let rig: OutboundRig;
  let carol: string;
  let room: FarRoom;

  beforeEach(async () => {
    rig = await startOutbound();
    carol = await rig.people.addUser('carol');
    room = rig.servers.know(farRoom());
    room.omitsMembers = true;
  });
  afterEach(() => rig.stop());

  /** Holds up whoever asks for the whole state, until the answer is let go. */
  const hold = (): (() => void) => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const honest = rig.servers.state.bind(rig.servers);
    rig.servers.state = async (...asked) => {
      await gate;
      return honest(...asked);
    };
    return release;
  };
  const info = async () => (await rig.roomState.info(room.roomId))!;
  const enter = () => rig.membership.join(requester(carol), room.roomId, { via: ['a.org'] });
  const say = () =>
    rig.timeline.send(requester(carol), {
      roomId: room.roomId,
      type: 'm.room.message',
      content: { msgtype: 'm.text', body: 'hello' },
    });

  it('can be talked in at once, and is whole a little later', async () => {
    const release = hold();
    await enter();
    expect(await rig.contentOf(room.roomId, 'm.room.member', BOB)).toBeUndefined();
    await expect(say()).resolves.toMatch(/^\$/);
    // What is said meanwhile goes to the servers that were named.
    expect((await rig.membership.servers.of(await info())).sort()).toEqual(['a.org', 'b.org']);
    const whole = rig.timeline.imports.whole(await info(), 10_000);
    release();
    await whole;
    expect(await rig.contentOf(room.roomId, 'm.room.member', BOB)).toMatchObject({ membership: 'join' });
    expect((await rig.membership.of(BOB, room.roomId))?.membership).toBe('join');
    await expect(say()).resolves.toMatch(/^\$/);
  });

  it('is completed by another server when the first does not help', async () => {
    const honest = rig.servers.state.bind(rig.servers);
    rig.servers.state = async (server, ...asked) => {
      if (server !== 'a.org') return honest(server, ...asked);
      rig.servers.ask('state', server);
      throw new UnreachableServerError(server, 'away');
    };
    await enter();
    await rig.timeline.imports.whole(await info(), 10_000);
    expect(rig.servers.calls.filter((call) => call.startsWith('state '))).toEqual(['state a.org', 'state b.org']);
  });

  it('is completed by another server in the same turn when the first never comes to an end', async () => {
    // Time passes as it does, and a test makes it pass faster.
    jest.useFakeTimers({ advanceTimers: true, doNotFake: ['nextTick', 'setImmediate'] });
    const honest = rig.servers.state.bind(rig.servers);
    let calledOff: AbortSignal | undefined;
    rig.servers.state = async (...asked) => {
      if (asked[0] !== 'a.org') return honest(...asked);
      calledOff = asked[3];
      return new Promise<never>(() => undefined);
    };
    await enter();
    while (calledOff === undefined) await new Promise((resolve) => setImmediate(resolve));
    await jest.advanceTimersByTimeAsync(300_000);
    jest.useRealTimers();
    await rig.timeline.imports.whole(await info(), 10_000);
    expect(calledOff.aborted).toBe(true);
    expect(await rig.contentOf(room.roomId, 'm.room.member', BOB)).toMatchObject({ membership: 'join' });
  });

  it('asks no more servers in one turn when the first has taken as long as all of them may', async () => {
    const clock = jest.spyOn(Date, 'now');
    rig.servers.state = async (server) => {
      rig.servers.calls.push(`state ${server}`);
      clock.mockReturnValue(performance.timeOrigin + performance.now() + 600_001);
      throw new UnreachableServerError(server, 'slow', { timedOut: true });
    };
    await enter();
    while (rig.errors.length === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.mockRestore();
    expect(rig.servers.calls.filter((call) => call.startsWith('state '))).toEqual(['state a.org']);
  });

  it('is not taken for whole by a state that lacks what the partial one had', async () => {
    const honest = rig.servers.state.bind(rig.servers);
    rig.servers.state = async (server, ...asked) => {
      const answer = await honest(server, ...asked);
      return server === 'a.org' ? { state: [], authChain: [] } : answer;
    };
    await enter();
    await rig.timeline.imports.whole(await info(), 10_000);
    expect(await rig.contentOf(room.roomId, 'm.room.member', BOB)).toMatchObject({ membership: 'join' });
  });

  it('is told no end of servers and of events by nobody', async () => {
    const honest = rig.servers.sendJoin.bind(rig.servers);
    const names = ['no server', ...Array.from({ length: 30_000 }, (_, index) => `s${index}.org`)];
    rig.servers.sendJoin = async (...asked) => ({ ...(await honest(...asked)), serversInRoom: names });
    const release = hold();
    await enter();
    const [partial] = await rig.timeline.imports.partialRooms();
    expect(partial!.servers.length).toBeLessThanOrEqual(20_001);
    expect(partial!.servers).not.toContain('no server');
    release();
  });
});
