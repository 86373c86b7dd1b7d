import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import type { RemoteJoinAnswer } from '#domain/federation-outbound';
import type { JsonObject, JsonValue } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { makeRoom, requester } from '../membership/rig';
import { roomIdOfDag } from '../timeline/ingest-rig';
import type { FarRoom } from './fake-servers';
import { ALICE, BOB, farRoom, member, startOutbound, state, type OutboundRig } from './rig';

describe('joining a room of other servers', () => {
  let rig: OutboundRig;
  let carol: string;

  beforeEach(async () => {
    rig = await startOutbound();
    carol = await rig.people.addUser('carol');
  });
  afterEach(() => rig.stop());

  const enter = (room: Pick<FarRoom, 'roomId'>, ...via: string[]): Promise<string> =>
    rig.membership.join(requester(carol), room.roomId, { via });
  const refuse = (server: string, status: number, code: string, body: JsonObject = {}): void =>
    void rig.servers.trouble.set(server, new RemoteServerError(server, status, code, 'no', body));
  const isIn = async (roomId: string, userId = carol): Promise<boolean> =>
    (await rig.membership.of(userId, roomId))?.membership === 'join';
  /** Has send_join answer otherwise. */
  const twist = (change: (answer: RemoteJoinAnswer) => Partial<RemoteJoinAnswer>): void => {
    const honest = rig.servers.sendJoin.bind(rig.servers);
    rig.servers.sendJoin = async (...asked) => {
      const answer = await honest(...asked);
      return { ...answer, ...change(answer) };
    };
  };

  describe.each(['1', '3', '6', '8', '10', '11', '12'])('of version %s', (version) => {
    it('brings its state and lets the user talk', async () => {
      const room = rig.servers.know(farRoom(version));
      await enter(room, 'a.org');
      expect(await rig.contentOf(room.roomId, 'm.room.member', BOB)).toMatchObject({ membership: 'join' });
      expect(await rig.contentOf(room.roomId, 'm.room.member', carol)).toMatchObject({ membership: 'join' });
      const draft = { roomId: room.roomId, type: 'm.room.message', content: { msgtype: 'm.text', body: 'hello' } };
      await expect(rig.timeline.send(requester(carol), draft)).resolves.toMatch(/^\$/);
      expect(await rig.membership.servers.of((await rig.roomState.info(room.roomId))!)).toEqual(['a.org', 'b.org']);
    });
  });

  it('asks the servers named one after another until one lets the user in', async () => {
    const room = rig.servers.know(farRoom());
    rig.servers.trouble.set('b.org', new UnreachableServerError('b.org', 'away'));
    await enter(room, 'nowhere.org', 'b.org', 'a.org', 'c.org');
    expect(rig.servers.calls).toEqual([
      'make_join nowhere.org',
      'make_join b.org',
      'make_join a.org',
      'send_join a.org',
    ]);
  });

  it('asks no more than ten servers, each once, and only what can be one', async () => {
    const room = farRoom('12');
    const many = Array.from({ length: 30 }, (_, index) => `s${index}.org`);
    await expect(enter(room, 'test.example', 'not a server', 's0.org', ...many)).rejects.toMatchObject({
      errcode: 'M_CONNECTION_FAILED',
    });
    expect(rig.servers.calls).toEqual(many.slice(0, 10).map((server) => `make_join ${server}`));
  });

  it('gives up after four minutes, however many servers are left', async () => {
    const room = farRoom('12');
    const clock = jest.spyOn(Date, 'now');
    let time = 1_000;
    clock.mockImplementation(() => time);
    rig.servers.makeJoin = async (server) => {
      rig.servers.calls.push(server);
      time += 100_000;
      throw new UnreachableServerError(server, 'slow', { timedOut: true });
    };
    await enter(room, 'a.org', 'b.org', 'c.org', 'd.org', 'e.org').catch(() => undefined);
    clock.mockRestore();
    expect(rig.servers.calls).toEqual(['a.org', 'b.org', 'c.org']);
  });

  describe('by way of a server that never comes to an end', () => {
    const never = new Promise<never>(() => undefined);
    /** Time passes as it does, and a test makes it pass faster. */
    beforeEach(() => void jest.useFakeTimers({ advanceTimers: true, doNotFake: ['nextTick', 'setImmediate'] }));
    afterEach(() => void jest.useRealTimers());

    const stalls = (slow: string, operation: 'makeJoin' | 'sendJoin'): AbortSignal[] => {
      const signals: AbortSignal[] = [];
      const makeJoin = rig.servers.makeJoin.bind(rig.servers);
      const sendJoin = rig.servers.sendJoin.bind(rig.servers);
      rig.servers.makeJoin = async (...asked) =>
        asked[0] === slow && operation === 'makeJoin' ? never : makeJoin(...asked);
      rig.servers.sendJoin = async (...asked) => {
        if (asked[0] !== slow || operation !== 'sendJoin') return sendJoin(...asked);
        signals.push(asked[2].signal!);
        return never;
      };
      return signals;
    };
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
    };

    it.each(['makeJoin', 'sendJoin'] as const)('leaves time for the next server after %s', async (operation) => {
      const room = rig.servers.know(farRoom());
      const signals = stalls('b.org', operation);
      const asked = jest.spyOn(rig.servers, operation);
      const joining = enter(room, 'b.org', 'a.org');
      await until(() => asked.mock.calls.length === 1);
      await jest.advanceTimersByTimeAsync(150_000);
      await joining;
      expect(await isIn(room.roomId)).toBe(true);
      expect(signals.every((signal) => signal.aborted)).toBe(true);
    });

    it('ends after four minutes when there is no other', async () => {
      const room = rig.servers.know(farRoom('11'));
      stalls('a.org', 'sendJoin');
      const asked = jest.spyOn(rig.servers, 'sendJoin');
      const joining = expect(enter({ roomId: room.roomId }, 'a.org')).rejects.toMatchObject({
        errcode: 'M_CONNECTION_TIMEOUT',
      });
      await until(() => asked.mock.calls.length === 1);
      await jest.advanceTimersByTimeAsync(250_000);
      await joining;
    });

    it('holds up nobody who enters the room by way of another', async () => {
      const room = rig.servers.know(farRoom());
      stalls('b.org', 'sendJoin');
      const asked = jest.spyOn(rig.servers, 'sendJoin');
      const stalled = expect(enter(room, 'b.org')).rejects.toMatchObject({ errcode: 'M_CONNECTION_TIMEOUT' });
      await until(() => asked.mock.calls.length === 1);
      const dave = await rig.people.addUser('dave');
      const joining = rig.membership.join(requester(dave), room.roomId, { via: ['a.org'] });
      await jest.advanceTimersByTimeAsync(11_000);
      await joining;
      expect([await isIn(room.roomId), await isIn(room.roomId, dave)]).toEqual([false, true]);
      await jest.advanceTimersByTimeAsync(250_000);
      await stalled;
    });
  });

  it('keeps the state of who comes first when two bring the room at the same time', async () => {
    const room = rig.servers.know(farRoom());
    const dave = await rig.people.addUser('dave');
    const honest = rig.servers.sendJoin.bind(rig.servers);
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    rig.servers.sendJoin = async (...asked) => {
      const answered = await honest(...asked);
      if (asked[0] === 'a.org') await held;
      return answered;
    };
    const first = rig.outbound.rooms.join({ userId: carol, roomId: room.roomId, via: ['a.org'], content: {} });
    while (!rig.servers.calls.includes('send_join a.org')) await new Promise((resolve) => setImmediate(resolve));
    jest.useFakeTimers({ advanceTimers: true, doNotFake: ['nextTick', 'setImmediate'] });
    const second = rig.outbound.rooms.join({ userId: dave, roomId: room.roomId, via: ['b.org'], content: {} });
    await jest.advanceTimersByTimeAsync(11_000);
    jest.useRealTimers();
    await second;
    answer();
    await first;
    expect([await isIn(room.roomId), await isIn(room.roomId, dave)]).toEqual([true, true]);
  });

  it('knows of no server to ask without one being named', async () => {
    await expect(enter(farRoom('12'))).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    expect(rig.servers.calls).toEqual([]);
  });

  it.each([
    ['M_FORBIDDEN', 403, {}],
    ['M_NOT_FOUND', 404, {}],
    ['M_UNABLE_TO_AUTHORISE_JOIN', 400, {}],
    ['M_INCOMPATIBLE_ROOM_VERSION', 400, { room_version: '99' }],
  ])('tells the client %s when one server says so, rather than that others are away', async (code, status, body) => {
    const room = rig.servers.know(farRoom());
    refuse('a.org', status, code, body);
    rig.servers.trouble.set('b.org', new UnreachableServerError('b.org', 'away'));
    await expect(enter(room, 'b.org', 'a.org', 'c.org')).rejects.toMatchObject({ errcode: code, extra: body });
    expect(await isIn(room.roomId)).toBe(false);
  });

  it.each<[string, (room: FarRoom) => void]>([
    ['no template', () => (rig.servers.makeJoin = async () => ({ roomVersion: '11', event: null }))],
    [
      'a template of a version that nobody knows',
      () => (rig.servers.makeJoin = async () => ({ roomVersion: '99', event: {} })),
    ],
    [
      'a template that follows nothing',
      (room) => {
        const { event, roomVersion } = room.template(carol, 'join');
        rig.servers.makeJoin = async () => ({ roomVersion, event: { ...(event as JsonObject), prev_events: [] } });
      },
    ],
    [
      'a template that follows thousands of events',
      (room) => {
        const { event, roomVersion } = room.template(carol, 'join');
        const before = (event as Pdu).prev_events[0] as string;
        const prev = Array.from({ length: 5_000 }, () => before);
        rig.servers.makeJoin = async () => ({ roomVersion, event: { ...(event as JsonObject), prev_events: prev } });
      },
    ],
    ['another event than ours', () => twist(({ state: events }) => ({ event: events[1]! }))],
    [
      'our event with another content',
      () => twist(({ event }) => ({ event: { ...(event as JsonObject), content: { membership: 'join', more: 1 } } })),
    ],
    ['no create event', () => twist(({ state: events }) => ({ state: events.slice(1), authChain: [] }))],
    [
      'the state of another room',
      () => {
        const other = farRoom('11', { join_rule: 'public' }, [state('m.room.name', { name: 'other' })]);
        const foreign = [...other.dag.nodes.values()].map(({ pdu }) => ({ ...pdu, room_id: '!other:a.org' }));
        twist(() => ({ state: foreign, authChain: foreign }));
      },
    ],
    [
      'more events than a room has',
      () => twist(({ state: events }) => ({ state: Array<JsonValue>(500_000).fill(events[0]!) })),
    ],
  ])('goes on to the next server when one answers with %s', async (_what, cheat) => {
    const room = rig.servers.know(farRoom());
    cheat(room);
    await expect(enter(room, 'a.org')).rejects.toMatchObject({ errcode: 'M_BAD_STATUS' });
    expect(await isIn(room.roomId)).toBe(false);
    const honest = rig.servers.calls.length;
    rig.servers.makeJoin = Object.getPrototypeOf(rig.servers).makeJoin;
    rig.servers.sendJoin = Object.getPrototypeOf(rig.servers).sendJoin;
    room.heads = [room.lastBut(carol)];
    await enter(room, 'b.org');
    expect(rig.servers.calls.slice(honest)).toEqual(['make_join b.org', 'send_join b.org']);
    expect(await isIn(room.roomId)).toBe(true);
  });

  it('is not led into a room of another version than its create event says', async () => {
    const room = rig.servers.know(farRoom('10'));
    const template = room.template(carol, 'join');
    rig.servers.makeJoin = async () => ({ ...template, roomVersion: '9' });
    await expect(enter(room, 'a.org')).rejects.toMatchObject({ errcode: 'M_BAD_STATUS' });
  });

  it('drops what of the state is badly signed or of another room, and what rests on it', async () => {
    const name = state('m.room.name', { name: 'forged' });
    const room = rig.servers.know(
      farRoom('11', { join_rule: 'public' }, [name, state('m.room.topic', { topic: 'good' })]),
    );
    const forged = [...room.dag.nodes.values()].find(({ pdu }) => pdu.type === 'm.room.name')!;
    rig.forged.add(forged.eventId);
    twist(({ state: events }) => {
      const foreign = { ...(events.at(-1) as JsonObject), type: 'm.room.avatar', room_id: '!other:a.org' };
      return { state: [...events, foreign] };
    });
    await enter(room, 'a.org');
    expect(await rig.contentOf(room.roomId, 'm.room.topic')).toEqual({ topic: 'good' });
    expect(await rig.contentOf(room.roomId, 'm.room.name')).toBeUndefined();
    expect(await rig.contentOf(room.roomId, 'm.room.avatar')).toBeUndefined();
  });

  it('does not take a server’s word for it that a banned user is in', async () => {
    const room = rig.servers.know(farRoom('11', { join_rule: 'public' }, [member(ALICE, carol, 'ban')]));
    await expect(enter(room, 'a.org')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(await isIn(room.roomId)).toBe(false);
  });

  it('can be tried again after it did not hold, without naming another server', async () => {
    const room = rig.servers.know(farRoom('11', { join_rule: 'public' }, [member(ALICE, carol, 'ban')]));
    await enter(room, 'a.org').catch(() => undefined);
    room.heads = [room.dag.add([room.lastBut(carol)], member(ALICE, carol, 'leave'))];
    await enter(room, 'a.org');
    expect(await isIn(room.roomId)).toBe(true);
  });

  it('lets two users in who come at the same time, the second by ourselves', async () => {
    const room = rig.servers.know(farRoom());
    const dave = await rig.people.addUser('dave');
    await Promise.all([enter(room, 'a.org'), rig.membership.join(requester(dave), room.roomId, { via: ['a.org'] })]);
    expect([await isIn(room.roomId), await isIn(room.roomId, dave)]).toEqual([true, true]);
  });

  it('lets guests into none', async () => {
    const room = rig.servers.know(farRoom());
    await expect(rig.membership.join(requester(carol, true), room.roomId, { via: ['a.org'] })).rejects.toMatchObject({
      errcode: 'M_GUEST_ACCESS_FORBIDDEN',
    });
    expect(rig.servers.calls).toEqual([]);
  });

  describe('that lets in the members of another', () => {
    const rules = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: '!club:a.org' }] };

    it('names the one who let the user in, whose server has signed', async () => {
      const room = rig.servers.know(farRoom('11', rules));
      room.authoriser = ALICE;
      await enter(room, 'a.org');
      expect(await rig.contentOf(room.roomId, 'm.room.member', carol)).toMatchObject({
        join_authorised_via_users_server: ALICE,
      });
    });

    it('is not joined when that signature is missing', async () => {
      const room = rig.servers.know(farRoom('11', rules));
      room.authoriser = BOB;
      await expect(enter(room, 'a.org')).rejects.toMatchObject({ errcode: expect.stringMatching(/^M_/) });
      expect(await isIn(room.roomId)).toBe(false);
      await enter(room, 'b.org');
      expect(await isIn(room.roomId)).toBe(true);
    });

    it('is joined by way of another server when nobody here may let the user in', async () => {
      const room = rig.servers.know(farRoom('11', rules));
      room.authoriser = ALICE;
      await enter(room, 'a.org');
      const dave = await rig.people.addUser('dave');
      // Who is in the club is for other servers to tell.
      await rig.membership.join(requester(dave), room.roomId);
      expect(rig.servers.calls.filter((call) => call.startsWith('send_join'))).toHaveLength(2);
      expect(await isIn(room.roomId, dave)).toBe(true);
    });
  });

  it('asks no other server about a room that is here', async () => {
    const dave = await rig.people.addUser('dave');
    const room = await makeRoom(rig.timeline, dave);
    await enter(room, 'a.org');
    expect(rig.servers.calls).toEqual([]);
    expect(roomIdOfDag(farRoom().dag)).not.toBe(room.roomId);
  });
});
