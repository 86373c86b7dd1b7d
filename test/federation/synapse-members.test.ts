import { besideSynapse, SIDES } from './beside-synapse';
import {
  at,
  eventually,
  joinRoom,
  makeRoom,
  messagesOf,
  say,
  setState,
  stateOf,
  syncOf,
  tryJoin,
  untilAgreed,
  untilInvited,
  untilMember,
  untilOut,
  type Person,
} from './people';

const beside = besideSynapse();

const knockable = (host: Person) => {
  const rule = { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'knock' } };
  return makeRoom(host, { preset: 'private_chat', initial_state: [rule] });
};

const knock = (person: Person, roomId: string, home: string) => {
  const via = encodeURIComponent(home);
  return person.api('POST', `/knock/${encodeURIComponent(roomId)}?via=${via}&server_name=${via}`, { reason: 'please' });
};

// Synapse takes its users' knocks back on its own side alone.
it('a user of Trellis takes a knock back, and knocks again', async () => {
  const { host, guest, home } = beside.pair('Synapse');
  const roomId = await knockable(host);
  for (let i = 0; i < 2; i++) {
    expect(await knock(guest, roomId, home)).toMatchObject({ status: 200 });
    await untilMember(host, roomId, guest, 'knock');
    expect(await guest.api('POST', at(roomId, 'leave'), {})).toMatchObject({ status: 200 });
    await untilMember(host, roomId, guest, 'leave');
  }
});

describe.each(SIDES)('a user of %s', (side) => {
  it('invites one of the other server, who rejects, is invited again and joins', async () => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await makeRoom(host, { preset: 'private_chat', name: 'the den' });
    const invite = () => host.api('POST', at(roomId, 'invite'), { user_id: guest.userId, reason: 'come in' });
    expect(await invite()).toMatchObject({ status: 200 });
    const shown = await untilInvited(guest, roomId);
    expect(shown).toContainEqual(expect.objectContaining({ type: 'm.room.name', content: { name: 'the den' } }));
    expect(shown).toContainEqual(
      expect.objectContaining({
        state_key: guest.userId,
        content: expect.objectContaining({ membership: 'invite', reason: 'come in' }),
      }),
    );
    expect(await guest.api('POST', at(roomId, 'leave'), {})).toMatchObject({ status: 200 });
    await untilMember(host, roomId, guest, 'leave');
    expect(await invite()).toMatchObject({ status: 200 });
    await untilInvited(guest, roomId);
    await joinRoom(guest, roomId, home);
    await say(guest, roomId, 'thanks');
    await eventually(async () => expect(await messagesOf(host, roomId)).toContain('thanks'));
  });

  it('takes an invite back', async () => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await makeRoom(host, { preset: 'private_chat' });
    await host.api('POST', at(roomId, 'invite'), { user_id: guest.userId });
    await untilInvited(guest, roomId);
    expect(await host.api('POST', at(roomId, 'kick'), { user_id: guest.userId })).toMatchObject({ status: 200 });
    await untilMember(host, roomId, guest, 'leave');
    await eventually(async () => expect((await syncOf(guest)).invite?.[roomId]).toBeUndefined());
    expect((await tryJoin(guest, roomId, home)).status).toBe(403);
  });

  it('invites one of the other server while making a room for the two', async () => {
    const { host, guest, home } = beside.pair(side);
    const request = { preset: 'trusted_private_chat', is_direct: true, invite: [guest.userId] };
    const roomId = await makeRoom(host, request);
    const shown = await untilInvited(guest, roomId);
    expect(shown).toContainEqual(
      expect.objectContaining({
        state_key: guest.userId,
        content: expect.objectContaining({ membership: 'invite', is_direct: true }),
      }),
    );
    await joinRoom(guest, roomId, home);
    await untilMember(host, roomId, guest, 'join');
    await setState(guest, roomId, 'm.room.topic', { topic: 'of an equal' });
    await eventually(async () =>
      expect(await stateOf(host, roomId, 'm.room.topic')).toMatchObject({ topic: 'of an equal' }),
    );
  });

  it('invites one of the other server by a state event', async () => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await makeRoom(host, { preset: 'private_chat' });
    await setState(host, roomId, 'm.room.member', { membership: 'invite', reason: 'by hand' }, guest.userId);
    const shown = await untilInvited(guest, roomId);
    expect(shown).toContainEqual(
      expect.objectContaining({ content: expect.objectContaining({ membership: 'invite', reason: 'by hand' }) }),
    );
    await joinRoom(guest, roomId, home);
    await untilMember(host, roomId, guest, 'join');
  });

  it('kicks and bans one of the other server, and lifts the ban', async () => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await makeRoom(host, { preset: 'public_chat' });
    const change = async (how: string) =>
      expect(await host.api('POST', at(roomId, how), { user_id: guest.userId })).toMatchObject({ status: 200 });
    const enters = async () => {
      await joinRoom(guest, roomId, home);
      await untilMember(host, roomId, guest, 'join');
    };
    await enters();
    await change('kick');
    await untilOut(guest, roomId);
    await enters();
    await change('ban');
    await untilOut(guest, roomId);
    expect((await tryJoin(guest, roomId, home)).status).toBe(403);
    await change('unban');
    await enters();
    await say(guest, roomId, 'back again');
    await eventually(async () => expect(await messagesOf(host, roomId)).toContain('back again'));
    await untilAgreed(roomId, host, guest);
  });

  it('leaves a room, and the other side knows', async () => {
    const { host: stayer, guest: leaver, home } = beside.pair(side === 'Trellis' ? 'Synapse' : 'Trellis');
    const roomId = await makeRoom(stayer, { preset: 'public_chat' });
    await joinRoom(leaver, roomId, home);
    await untilMember(stayer, roomId, leaver, 'join');
    expect(await leaver.api('POST', at(roomId, 'leave'), { reason: 'enough' })).toMatchObject({ status: 200 });
    await untilMember(stayer, roomId, leaver, 'leave');
    expect(await stateOf(stayer, roomId, 'm.room.member', leaver.userId)).toMatchObject({ reason: 'enough' });
    await say(stayer, roomId, 'after the leave');
    expect(await messagesOf(leaver, roomId)).not.toContain('after the leave');
  });

  it('is refused a knock after a ban', async () => {
    const { host, guest, home } = beside.pair(side === 'Trellis' ? 'Synapse' : 'Trellis');
    const roomId = await knockable(host);
    expect(await knock(guest, roomId, home)).toMatchObject({ status: 200 });
    await untilMember(host, roomId, guest, 'knock');
    expect(await host.api('POST', at(roomId, 'ban'), { user_id: guest.userId })).toMatchObject({ status: 200 });
    await untilMember(host, roomId, guest, 'ban');
    expect((await knock(guest, roomId, home)).status).toBe(403);
  });

  it('changes name and picture, and rooms of the other side show it', async () => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await makeRoom(guest, { preset: 'public_chat' });
    await joinRoom(host, roomId, beside.pair(side === 'Trellis' ? 'Synapse' : 'Trellis').home);
    await untilMember(guest, roomId, host, 'join');
    const me = encodeURIComponent(host.userId);
    const [displayname, avatar_url] = [`One of ${side}`, `mxc://${home}/picture`];
    expect(await host.api('PUT', `/profile/${me}/displayname`, { displayname })).toMatchObject({ status: 200 });
    expect(await host.api('PUT', `/profile/${me}/avatar_url`, { avatar_url })).toMatchObject({ status: 200 });
    await eventually(async () =>
      expect(await stateOf(guest, roomId, 'm.room.member', host.userId)).toMatchObject({ displayname, avatar_url }),
    );
  });
});
