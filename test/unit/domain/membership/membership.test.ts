import { randomInt } from 'node:crypto';
import { GuestAccessForbiddenError, MatrixError, NotFoundError } from '#kernel/errors';
import { UserSuspendedError } from '#domain/accounts';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { makeRoom, requester, startMembership, type Rig } from './rig';

describe('membership', () => {
  let rig: Rig;
  let alice: string;
  let bob: string;
  beforeEach(async () => {
    rig = await startMembership();
    alice = await rig.people.addUser('alice');
    bob = await rig.people.addUser('bob');
  });
  afterEach(() => rig.stop());

  it('answers from its caches what the database says, after any changes', async () => {
    const { membership, timeline } = rig;
    const users = [alice, bob, await rig.people.addUser('carol'), await rig.people.addUser('dan')];
    const rooms: RoomInfo[] = [];
    for (const joinRule of ['public', 'invite', 'knock']) rooms.push(await makeRoom(timeline, alice, joinRule));
    const someone = () => users[randomInt(users.length)]!;
    const actions = [
      (roomId: string) => membership.join(requester(someone()), roomId),
      (roomId: string) => membership.leave(requester(someone()), roomId),
      (roomId: string) => membership.knock(requester(someone()), roomId),
      (roomId: string) => membership.forget(requester(someone()), roomId),
      (roomId: string) => membership.invite(requester(someone()), roomId, someone()),
      (roomId: string) => membership.kick(requester(alice), roomId, users[1 + randomInt(3)]!),
      (roomId: string) => membership.ban(requester(alice), roomId, users[1 + randomInt(3)]!),
      (roomId: string) => membership.unban(requester(alice), roomId, someone()),
    ];
    let done = 0;
    const step = async () => {
      const room = rooms[randomInt(rooms.length)]!;
      const action = actions[randomInt(actions.length)]!;
      await Promise.all([membership.allOf(someone()), membership.joinedLocalUsers(room), membership.counts(room)]);
      await action(room.roomId).then(
        () => done++,
        (error: unknown) => expect(error).toBeInstanceOf(MatrixError),
      );
    };
    for (let i = 0; i < 60; i++) await Promise.all([step(), step(), step()]);
    expect(done).toBeGreaterThan(20);
    const fresh = rig.open().membership;
    for (const user of users) {
      const sorted = async (from: typeof membership) => (await from.allOf(user)).sort((a, b) => a.roomNid - b.roomNid);
      expect(await sorted(membership)).toEqual(await sorted(fresh));
      for (const { roomId } of rooms) expect(await membership.of(user, roomId)).toEqual(await fresh.of(user, roomId));
    }
    for (const room of rooms) {
      const state = await timeline.currentStateAll(room);
      const joined = state.filter(
        ({ type, pdu }) => type === 'm.room.member' && Object(pdu.content).membership === 'join',
      );
      const names = joined.map((event) => event.stateKey).sort();
      expect([...(await membership.joinedLocalUsers(room))].sort()).toEqual(names);
      expect([...(await fresh.joinedLocalUsers(room))].sort()).toEqual(names);
      const counts = await membership.counts(room);
      expect(counts).toEqual(await fresh.counts(room));
      expect(counts.joined).toBe(names.length);
      expect((await membership.members(room, { membership: 'invite' })).length).toBe(counts.invited);
    }
  });

  it('lets guests in only where the room does, and sends them away when it stops', async () => {
    const { membership, timeline, people } = rig;
    const guest = (await people.accounts.create({ localpart: 'guest', passwordHash: null, isGuest: true })).userId;
    const closed = await makeRoom(timeline, alice);
    await expect(membership.join(requester(guest, true), closed.roomId)).rejects.toThrow(GuestAccessForbiddenError);
    const room = await makeRoom(timeline, alice, 'public', 'can_join');
    await membership.join(requester(guest, true), room.roomId);
    await membership.join(requester(bob), room.roomId);
    const withdrawn = { type: 'm.room.guest_access', stateKey: '', content: { guest_access: 'forbidden' } };
    await timeline.send(requester(alice), { roomId: room.roomId, ...withdrawn });
    await membership.followups.idle();
    expect((await membership.of(guest, room.roomId))!.membership).toBe('leave');
    expect((await membership.of(bob, room.roomId))!.membership).toBe('join');
  });

  it('lets suspended users leave and redact their own events, and nothing else', async () => {
    const { membership, timeline, people } = rig;
    const room = await makeRoom(timeline, alice);
    const { roomId } = room;
    await membership.join(requester(bob), roomId);
    const message = { roomId, type: 'm.room.message', content: { msgtype: 'm.text', body: 'x' } };
    const own = await timeline.send(requester(bob), message);
    const other = await timeline.send(requester(alice), message);
    await people.accounts.setFlags(bob, { suspended: true });
    await expect(timeline.send(requester(bob), message)).rejects.toThrow(UserSuspendedError);
    const redact = (redacts: string) =>
      timeline.send(requester(bob), { roomId, type: 'm.room.redaction', content: {}, redacts });
    await expect(redact(other)).rejects.toThrow(UserSuspendedError);
    await expect(redact(own)).resolves.toMatch(/^\$/);
    await membership.leave(requester(bob), roomId);
    await expect(membership.join(requester(bob), roomId)).rejects.toThrow(UserSuspendedError);
  });

  it('hides invites from ignored users and while invites are blocked', async () => {
    const { membership, timeline, people } = rig;
    const room = await makeRoom(timeline, alice, 'invite');
    await membership.invite(requester(alice), room.roomId, bob);
    const invite = (await membership.of(bob, room.roomId))!;
    expect(await membership.isHiddenInvite(invite)).toBe(false);
    await people.accountData.set(bob, null, 'm.ignored_user_list', { ignored_users: { [alice]: {} } });
    expect(await membership.isHiddenInvite(invite)).toBe(true);
    await people.accountData.set(bob, null, 'm.ignored_user_list', { ignored_users: {} });
    await people.accountData.set(bob, null, 'm.invite_permission_config', { default_action: 'block' });
    expect(await membership.isHiddenInvite(invite)).toBe(true);
  });

  it('shows invited users the stripped state, with their own invite', async () => {
    const { membership, timeline } = rig;
    const room = await makeRoom(timeline, alice, 'invite');
    const name = { roomId: room.roomId, type: 'm.room.name', stateKey: '', content: { name: 'Garden' } };
    await timeline.send(requester(alice), name);
    await membership.invite(requester(alice), room.roomId, bob);
    const state = await membership.strippedState((await membership.of(bob, room.roomId))!);
    expect(state.map((event) => `${event.type} ${event.state_key}`).sort()).toEqual([
      'm.room.create ',
      'm.room.join_rules ',
      `m.room.member ${alice}`,
      `m.room.member ${bob}`,
      'm.room.name ',
    ]);
    for (const event of state) expect(Object.keys(event).sort()).toEqual(['content', 'sender', 'state_key', 'type']);
  });

  it('leaves everything for a closed account', async () => {
    const { membership, timeline } = rig;
    const joined = await makeRoom(timeline, alice);
    const invited = await makeRoom(timeline, alice, 'invite');
    const banned = await makeRoom(timeline, alice);
    await membership.join(requester(bob), joined.roomId);
    await membership.invite(requester(alice), invited.roomId, bob);
    await membership.ban(requester(alice), banned.roomId, bob);
    await membership.partAll(bob);
    await membership.partAll(bob);
    const states = (await membership.allOf(bob)).map((member) => member.membership);
    expect(states.sort()).toEqual(['ban', 'leave', 'leave']);
  });

  it('carries the newest of several profile changes into every room', async () => {
    const { membership, timeline, people } = rig;
    people.profiles.bind({ propagator: membership.followups });
    const rooms: RoomInfo[] = [];
    for (let i = 0; i < 12; i++) rooms.push(await makeRoom(timeline, alice));
    const set = (name: string) => people.profiles.setField(alice, alice, 'displayname', name);
    await Promise.all(['a', 'b', 'c'].map(set));
    await set('last');
    await membership.followups.idle();
    for (const room of rooms) {
      const member = await timeline.currentState(room, 'm.room.member', alice);
      expect(member!.pdu.content).toEqual({ membership: 'join', displayname: 'last' });
    }
  });

  it('says clearly that rooms and users of other servers are out of reach', async () => {
    const { membership, timeline } = rig;
    const room = await makeRoom(timeline, alice);
    const remote = membership.join(requester(alice), '!far:elsewhere.example');
    await expect(remote).rejects.toThrow(NotFoundError);
    await expect(membership.invite(requester(alice), room.roomId, '@zoe:elsewhere.example')).rejects.toMatchObject({
      errcode: 'M_FORBIDDEN',
    });
  });
});
