import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { makeRoom, requester } from '../membership/rig';
import type { FarRoom } from './fake-servers';
import { BOB, farRoom, startOutbound, type OutboundRig } from './rig';

describe('servers that do not help', () => {
  let rig: OutboundRig;
  let carol: string;

  beforeEach(async () => {
    rig = await startOutbound();
    carol = await rig.people.addUser('carol');
  });
  afterEach(() => rig.stop());

  describe('are asked for a room, and the client is told', () => {
    const SAID: Readonly<Record<string, (server: string) => Error>> = {
      'is away': (server) => new UnreachableServerError(server, 'away'),
      'answers nonsense': (server) => new RemoteServerError(server, 200, 'M_NOT_JSON', 'the answer is not JSON'),
      'has a fault': (server) => new RemoteServerError(server, 500, 'M_UNKNOWN', 'no'),
      'is asked too often': (server) => new RemoteServerError(server, 429, 'M_LIMIT_EXCEEDED', 'no'),
      'does not know the room': (server) => new RemoteServerError(server, 404, 'M_NOT_FOUND', 'no'),
      'cannot judge': (server) => new RemoteServerError(server, 400, 'M_UNABLE_TO_AUTHORISE_JOIN', 'no'),
      forbids: (server) => new RemoteServerError(server, 403, 'M_FORBIDDEN', 'no'),
    };

    it.each([
      ['is away', 'does not know the room', 'M_NOT_FOUND'],
      ['answers nonsense', 'does not know the room', 'M_NOT_FOUND'],
      ['answers nonsense', 'has a fault', 'M_BAD_STATUS'],
      ['is asked too often', 'does not know the room', 'M_NOT_FOUND'],
      ['does not know the room', 'forbids', 'M_FORBIDDEN'],
      ['does not know the room', 'cannot judge', 'M_UNABLE_TO_AUTHORISE_JOIN'],
      ['is away', 'forbids', 'M_FORBIDDEN'],
      ['has a fault', 'forbids', 'M_FORBIDDEN'],
    ])('what says most, when one %s and another %s, in either order', async (one, another, errcode) => {
      const said = { 'a.org': SAID[one]!, 'b.org': SAID[another]! };
      for (const [server, make] of Object.entries(said)) rig.servers.trouble.set(server, make(server));
      const ask = (...via: string[]) => rig.membership.join(requester(carol), farRoom('12').roomId, { via });
      await expect(ask('a.org', 'b.org')).rejects.toMatchObject({ errcode });
      await expect(ask('b.org', 'a.org')).rejects.toMatchObject({ errcode });
    });

    it('which version a room has that is too new', async () => {
      const body = { errcode: 'M_INCOMPATIBLE_ROOM_VERSION', error: 'no', room_version: '99' };
      const error = new RemoteServerError('a.org', 400, 'M_INCOMPATIBLE_ROOM_VERSION', 'no', body);
      rig.servers.trouble.set('a.org', error);
      const joining = rig.membership.join(requester(carol), farRoom('12').roomId, { via: ['a.org', 'b.org'] });
      await expect(joining).rejects.toMatchObject({
        errcode: 'M_INCOMPATIBLE_ROOM_VERSION',
        extra: { room_version: '99' },
      });
    });
  });

  describe('give templates of something else than was asked for', () => {
    const LIES: readonly (readonly [string, (event: JsonObject) => JsonObject])[] = [
      ['another type', () => ({ type: 'm.room.message' })],
      ['another room', () => ({ room_id: '!other:a.org' })],
      ['another sender', () => ({ sender: BOB })],
      ['another user', () => ({ state_key: BOB })],
      ['another membership', () => ({ content: { membership: 'ban' } })],
    ];
    const twisted = (lie: (event: JsonObject) => JsonObject, honest: FarRoom, membership: string) => {
      const { roomVersion, event } = honest.template(carol, membership);
      return { roomVersion, event: isJsonObject(event) ? { ...event, ...lie(event) } : event };
    };

    it.each(LIES)('for a join of %s, which is not signed; the next server is asked', async (_, lie) => {
      const room = rig.servers.know(farRoom());
      const makeJoin = rig.servers.makeJoin.bind(rig.servers);
      rig.servers.makeJoin = async (...asked) =>
        asked[0] === 'b.org' ? twisted(lie, room, 'join') : makeJoin(...asked);
      await rig.membership.join(requester(carol), room.roomId, { via: ['b.org', 'a.org'] });
      expect(rig.servers.calls).toEqual(['make_join a.org', 'send_join a.org']);
    });

    it.each(LIES)('for a knock of %s, which is not signed either', async (_, lie) => {
      const room = rig.servers.know(farRoom('11', { join_rule: 'knock' }));
      rig.servers.makeKnock = async () => twisted(lie, room, 'knock');
      const knocking = rig.membership.knock(requester(carol), room.roomId, { via: ['a.org'] });
      await expect(knocking).rejects.toMatchObject({ errcode: 'M_BAD_STATUS' });
      expect(rig.servers.calls).toEqual([]);
    });
  });

  describe('are to sign an invite', () => {
    let room: Awaited<ReturnType<typeof makeRoom>>;
    beforeEach(async () => void (room = await makeRoom(rig.timeline, carol)));
    const invite = () => rig.membership.invite(requester(carol), room.roomId, BOB);
    const standing = async () => rig.contentOf(room.roomId, 'm.room.member', BOB);

    it.each([
      ['give back nothing', null],
      ['give back a list', []],
      ['give back an event that they did not sign', { signatures: { 'c.org': { 'ed25519:theirs': 'signature' } } }],
    ])('and %s: the user is not invited, and the client is told whose fault it is', async (_, returned) => {
      rig.servers.invite = async () => returned;
      await expect(invite()).rejects.toMatchObject({ errcode: 'M_BAD_STATUS' });
      expect(await standing()).toBeUndefined();
    });

    it('and give back another event: only their signature of ours counts', async () => {
      const honest = rig.servers.invite.bind(rig.servers);
      rig.servers.invite = async (...asked) => {
        const event = (await honest(...asked)) as JsonObject;
        return {
          ...event,
          content: { membership: 'ban' },
          signatures: { ...(event['signatures'] as JsonObject), 'c.org': {} },
        };
      };
      await invite();
      expect(await standing()).toMatchObject({ membership: 'invite' });
    });

    it.each([
      ['refuse', new RemoteServerError('b.org', 403, 'M_FORBIDDEN', 'no'), 'M_FORBIDDEN'],
      [
        'let nobody invite that user',
        new RemoteServerError('b.org', 403, 'M_INVITE_BLOCKED', 'no'),
        'M_INVITE_BLOCKED',
      ],
      ['find fault with our request', new RemoteServerError('b.org', 400, 'M_MISSING_PARAM', 'no'), 'M_BAD_STATUS'],
      ['are away', new UnreachableServerError('b.org', 'away'), 'M_CONNECTION_FAILED'],
    ])('and %s: nothing is in the room', async (_, trouble, errcode) => {
      rig.servers.trouble.set('b.org', trouble);
      await expect(invite()).rejects.toMatchObject({ errcode });
      expect(await standing()).toBeUndefined();
    });
  });
});
