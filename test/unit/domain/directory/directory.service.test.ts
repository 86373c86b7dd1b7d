import { Directory, type DirectoryConfig } from '../../../../src/domain/directory';
import { DirectoryEntriesReader } from '../../../../src/domain/directory/directory-entries.repository';
import { JoinedServers } from '../../../../src/domain/membership/joined-servers.service';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { redact, setMember, setState, startReading, type ReadingRig } from '../event-views/reading-rig';
import { ALICE, BOB, join, makeRoom, requester, say, SERVER } from '../timeline/rig';

const CAROL = `@carol:${SERVER}`;
const admin = { ...requester('@root:trellis.test'), isAdmin: true };

describe('directory', () => {
  let rig: ReadingRig;
  let directory: Directory;
  const start = async (publishPolicy: DirectoryConfig['publishPolicy'] = 'open') => {
    rig = await startReading();
    const membership = {
      of: rig.membership.of.bind(rig.membership),
      servers: new JoinedServers(rig.storage, SERVER, rig.timeline.partialStates),
    };
    directory = new Directory({ serverName: SERVER, publishPolicy }, rig.storage, { ...rig, membership }, () =>
      Date.now(),
    );
  };
  beforeEach(() => start());
  afterEach(() => rig.stop());

  const alias = (name: string) => `#${name}:${SERVER}`;
  const errcode = (code: string) => ({ errcode: code });

  describe('aliases', () => {
    let room: RoomInfo;
    beforeEach(async () => {
      room = await makeRoom(rig.timeline, '12', [BOB, CAROL]);
    });
    const set = (userId: string, name: string) => directory.aliases.set(requester(userId), alias(name), room.roomId);

    it('lead to their room until they are deleted', async () => {
      await set(ALICE, 'town');
      expect(await directory.aliases.resolve(alias('town'))).toEqual({ roomId: room.roomId, servers: [SERVER] });
      expect(await directory.aliases.ofRoom(requester(BOB), room.roomId)).toEqual([alias('town')]);
      await directory.aliases.remove(requester(ALICE), alias('town'));
      await expect(directory.aliases.resolve(alias('town'))).rejects.toMatchObject(errcode('M_NOT_FOUND'));
    });

    it('belong to whoever comes first, exactly one of many', async () => {
      const results = await Promise.allSettled([set(ALICE, 'race'), set(BOB, 'race'), set(CAROL, 'race')]);
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      await expect(set(ALICE, 'race')).rejects.toMatchObject(errcode('M_UNKNOWN'));
    });

    it.each([
      'town',
      '#town',
      '#:trellis.test',
      '#town:elsewhere.test',
      `#${'x'.repeat(250)}:${SERVER}`,
      '#a\0b:trellis.test',
    ])('refuse the name %j', async (name) => {
      const request = directory.aliases.set(requester(ALICE), name, room.roomId);
      await expect(request).rejects.toMatchObject(errcode('M_INVALID_PARAM'));
    });

    it('tell letters apart', async () => {
      await set(ALICE, 'Town');
      await set(ALICE, 'town');
      expect(await directory.aliases.ofRoom(requester(ALICE), room.roomId)).toHaveLength(2);
    });

    it('can be given only by members of the room', async () => {
      await expect(set('@stranger:trellis.test', 'x')).rejects.toMatchObject(errcode('M_FORBIDDEN'));
    });

    it('are deleted by who made them, by who manages the room or the server, and by nobody else (row 50)', async () => {
      for (const name of ['a', 'b', 'c']) await set(BOB, name);
      await expect(directory.aliases.remove(requester(CAROL), alias('a'))).rejects.toMatchObject(
        errcode('M_FORBIDDEN'),
      );
      await directory.aliases.remove(requester(BOB), alias('a'));
      await directory.aliases.remove(requester(ALICE), alias('b'));
      await directory.aliases.remove(admin, alias('c'));
      expect(await directory.aliases.ofRoom(requester(ALICE), room.roomId)).toEqual([]);
    });

    it('are listed to members, and to anybody where anybody may read', async () => {
      const list = () => directory.aliases.ofRoom(requester('@stranger:trellis.test'), room.roomId);
      await expect(list()).rejects.toMatchObject(errcode('M_FORBIDDEN'));
      await setState(rig.timeline, room.roomId, ALICE, 'm.room.history_visibility', {
        history_visibility: 'world_readable',
      });
      expect(await list()).toEqual([]);
    });

    it('must lead to the room to become its canonical alias', async () => {
      const canonical = (content: object) =>
        setState(rig.timeline, room.roomId, ALICE, 'm.room.canonical_alias', content);
      await expect(canonical({ alias: alias('nowhere') })).rejects.toMatchObject(errcode('M_BAD_ALIAS'));
      await set(ALICE, 'main');
      await expect(canonical({ alias: alias('main'), alt_aliases: [alias('other')] })).rejects.toMatchObject(
        errcode('M_BAD_ALIAS'),
      );
      await expect(canonical({ alias: 'main' })).rejects.toMatchObject(errcode('M_INVALID_PARAM'));
      await canonical({ alias: alias('main') });
    });

    it('disappear from the canonical alias event when they are deleted', async () => {
      for (const name of ['main', 'side']) await set(ALICE, name);
      const content = { alias: alias('main'), alt_aliases: [alias('side')] };
      await setState(rig.timeline, room.roomId, ALICE, 'm.room.canonical_alias', content);
      const now = async () => (await rig.timeline.currentState(room, 'm.room.canonical_alias', ''))!.pdu.content;
      await directory.aliases.remove(requester(ALICE), alias('main'));
      expect(await now()).toEqual({ alt_aliases: [alias('side')] });
      await directory.aliases.remove(admin, alias('side'));
      expect(await now()).toEqual({ alt_aliases: [alias('side')] });
    });
  });

  describe('public rooms', () => {
    const publish = (room: RoomInfo) => directory.publicRooms.setVisibility(requester(ALICE), room.roomId, 'public');
    const ids = async (query: Parameters<Directory['publicRooms']['page']>[0] = {}) =>
      (await directory.publicRooms.page(query)).entries.map((entry) => entry.roomId);

    it('lists what the room says about itself, as it changes', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      const id = room.roomId;
      await directory.aliases.set(requester(ALICE), alias('tea'), id);
      await setState(rig.timeline, id, ALICE, 'm.room.name', { name: 'Tea' });
      const topic = await setState(rig.timeline, id, ALICE, 'm.room.topic', { topic: 'Hot water' });
      await setState(rig.timeline, id, ALICE, 'm.room.canonical_alias', { alias: alias('tea') });
      await setState(rig.timeline, id, ALICE, 'm.room.avatar', { url: 'mxc://x/y' });
      await setState(rig.timeline, id, ALICE, 'm.room.guest_access', { guest_access: 'can_join' });
      await setState(rig.timeline, id, ALICE, 'm.room.history_visibility', { history_visibility: 'world_readable' });
      await publish(room);
      const entry = async () => (await directory.publicRooms.page({})).entries[0];
      expect(await entry()).toEqual({
        roomNid: room.nid,
        roomId: id,
        joinedMembers: 2,
        name: 'Tea',
        topic: 'Hot water',
        avatarUrl: 'mxc://x/y',
        canonicalAlias: alias('tea'),
        joinRule: 'public',
        roomType: null,
        worldReadable: true,
        guestCanJoin: true,
      });
      await redact(rig.timeline, id, ALICE, topic);
      await setMember(rig.timeline, id, BOB, BOB, 'leave');
      expect(await entry()).toMatchObject({ topic: null, joinedMembers: 1, name: 'Tea' });
    });

    it('counts members once through joins, profile changes, kicks and bans', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB, CAROL]);
      await publish(room);
      await setState(rig.timeline, room.roomId, BOB, 'm.room.member', { membership: 'join', displayname: 'B' }, BOB);
      await setMember(rig.timeline, room.roomId, ALICE, BOB, 'leave');
      await setMember(rig.timeline, room.roomId, ALICE, BOB, 'ban');
      await setMember(rig.timeline, room.roomId, ALICE, '@dan:trellis.test', 'invite');
      expect((await directory.publicRooms.page({})).entries[0]!.joinedMembers).toBe(2);
      await say(rig.timeline, room.roomId, ALICE, 'hello');
      expect((await directory.publicRooms.page({})).entries[0]!.joinedMembers).toBe(2);
    });

    it('pages forwards and back, most members first, without losing or repeating a room', async () => {
      const rooms: RoomInfo[] = [];
      for (let i = 0; i < 5; i++) rooms.push(await makeRoom(rig.timeline, '12', i === 3 ? [BOB] : []));
      for (const room of rooms) await publish(room);
      const expected = [rooms[3], rooms[4], rooms[2], rooms[1], rooms[0]].map((room) => room!.roomId);
      const first = await directory.publicRooms.page({ limit: 2 });
      const second = await directory.publicRooms.page({ limit: 2, since: first.nextBatch });
      const third = await directory.publicRooms.page({ limit: 2, since: second.nextBatch });
      const listed = [first, second, third].flatMap((page) => page.entries.map((entry) => entry.roomId));
      expect(listed).toEqual(expected);
      expect([first.prevBatch, third.nextBatch]).toEqual([undefined, undefined]);
      expect(first.total).toBe(5);
      const back = await directory.publicRooms.page({ limit: 2, since: third.prevBatch });
      expect(back.entries).toEqual(second.entries);
      const start = await directory.publicRooms.page({ limit: 2, since: back.prevBatch });
      expect([start.entries, start.prevBatch]).toEqual([first.entries, undefined]);
      await expect(ids({ since: 'junk' })).rejects.toMatchObject(errcode('M_INVALID_PARAM'));
    });

    it('walks an index in its order, whatever the page', async () => {
      const plans: string[] = [];
      const explained: Pick<typeof rig.storage, 'all'> = {
        all: async <R>(sql: string, params?: readonly (string | number | null)[]) => {
          const plan = await rig.storage.all<object>(
            `EXPLAIN ${rig.storage.dialect === 'sqlite' ? 'QUERY PLAN ' : ''}${sql}`,
            params,
          );
          plans.push(JSON.stringify(plan));
          return [] as R[];
        },
      };
      const reader = new DirectoryEntriesReader({ ...explained, get: async () => undefined });
      const place = { joinedMembers: 3, roomNid: 7 };
      await reader.published(undefined, {}, 10);
      await reader.published({ ...place, direction: 'next' }, {}, 10);
      await reader.published({ ...place, direction: 'previous' }, {}, 10);
      for (const plan of plans) {
        expect(plan).toContain('room_directory_order');
        expect(plan).not.toMatch(/TEMP B-TREE|filesort/);
      }
      expect(plans).toHaveLength(3);
    });

    it('searches names, topics and aliases in any case, wildcards being letters', async () => {
      const room = await makeRoom(rig.timeline);
      await publish(room);
      await setState(rig.timeline, room.roomId, ALICE, 'm.room.name', { name: 'Über 100%' });
      expect(await ids({ search: 'über' })).toHaveLength(1);
      expect(await ids({ search: '100%' })).toHaveLength(1);
      expect(await ids({ search: '1%0' })).toEqual([]);
      expect(await ids({ search: '' })).toHaveLength(1);
    });

    it('filters by room type, null standing for none', async () => {
      const room = await makeRoom(rig.timeline);
      const { room: space } = await rig.timeline.createRoom({
        version: '12',
        sender: ALICE,
        createContent: { type: 'm.space' },
        drafts: [{ type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } }],
      });
      for (const one of [room, space]) await publish(one);
      expect(await ids({ roomTypes: ['m.space'] })).toEqual([space.roomId]);
      expect(await ids({ roomTypes: [null] })).toEqual([room.roomId]);
      expect(await ids({ roomTypes: [null, 'm.space'] })).toHaveLength(2);
      expect(await ids({ roomTypes: [] })).toEqual([]);
    });

    it('are set by those who manage the room only', async () => {
      const room = await makeRoom(rig.timeline, '12', [BOB]);
      const request = directory.publicRooms.setVisibility(requester(BOB), room.roomId, 'public');
      await expect(request).rejects.toMatchObject(errcode('M_FORBIDDEN'));
      expect(await directory.publicRooms.visibility(room.roomId)).toBe('private');
      await publish(room);
      expect(await directory.publicRooms.visibility(room.roomId)).toBe('public');
      await directory.publicRooms.setVisibility(admin, room.roomId, 'private');
      expect(await ids()).toEqual([]);
      await expect(directory.publicRooms.visibility('!unknown:trellis.test')).rejects.toMatchObject(
        errcode('M_NOT_FOUND'),
      );
    });

    it.each([
      ['admins', 'M_FORBIDDEN', undefined],
      ['nobody', 'M_FORBIDDEN', 'M_FORBIDDEN'],
    ] as const)('follows the policy %s', async (policy, forModerators, forAdmins) => {
      await rig.stop();
      await start(policy);
      const { roomId } = await makeRoom(rig.timeline);
      const answer = async (asker: typeof admin) =>
        directory.publicRooms
          .setVisibility(asker, roomId, 'public')
          .catch((error: { errcode: string }) => error.errcode);
      expect([await answer(requester(ALICE)), await answer(admin)]).toEqual([forModerators, forAdmins]);
    });

    it('says clearly that it cannot ask other servers', async () => {
      await expect(ids({ server: 'elsewhere.test' })).rejects.toThrow('elsewhere.test');
      expect(await ids({ server: SERVER })).toEqual([]);
    });

    it('undoes alias and listing with the room that was to have them', async () => {
      await join(rig.timeline, (await makeRoom(rig.timeline)).roomId, BOB);
      const request = rig.timeline.createRoom({
        version: '12',
        sender: ALICE,
        createContent: {},
        drafts: [{ type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } }],
        within: async (tx, room) => {
          await directory.aliases.claim(tx, alias('new'), room.nid, ALICE);
          await directory.publicRooms.publish(tx, requester(ALICE), room.nid);
          throw new Error('changed my mind');
        },
      });
      await expect(request).rejects.toThrow('changed my mind');
      expect(await directory.aliases.isTaken(alias('new'))).toBe(false);
      expect(await ids()).toEqual([]);
    });
  });
});
