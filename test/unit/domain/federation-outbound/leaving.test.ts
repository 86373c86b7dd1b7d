import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import { inspectEvent } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { requester } from '../membership/rig';
import type { FarRoom } from './fake-servers';
import { ALICE, farRoom, member, startOutbound, type OutboundRig } from './rig';

describe('invites and knocks in rooms of other servers', () => {
  let rig: OutboundRig;
  let carol: string;
  let room: FarRoom;

  beforeEach(async () => {
    rig = await startOutbound();
    carol = await rig.people.addUser('carol');
    room = rig.servers.know(farRoom('11', { join_rule: 'knock' }));
  });
  afterEach(() => rig.stop());

  /** An invite of Alice's, as her server brought it. */
  const invite = async (): Promise<void> => {
    const node = room.dag.add(room.heads, member(ALICE, carol, 'invite'));
    room.heads = [node];
    const event = inspectEvent(roomVersion('11'), node.pdu);
    const strippedState = [room.dag.create.pdu];
    await rig.membership.outOfBand.importInvite({ roomId: room.roomId, version: '11', event, strippedState });
  };
  const standing = async (): Promise<string | undefined> => (await rig.membership.of(carol, room.roomId))?.membership;
  const leave = () => rig.membership.leave(requester(carol), room.roomId);
  const away = (server: string): void =>
    void rig.servers.trouble.set(server, new UnreachableServerError(server, 'away'));

  it('an invite is taken up by way of the inviter’s server, which nobody needs to name', async () => {
    await invite();
    await rig.membership.join(requester(carol), room.roomId);
    expect(rig.servers.calls).toEqual(['make_join a.org', 'send_join a.org']);
    expect(await standing()).toBe('join');
  });

  it('an invite is rejected by way of the inviter’s server', async () => {
    await invite();
    await leave();
    expect(rig.servers.calls).toEqual(['make_leave a.org', 'send_leave a.org']);
    expect(room.heads[0]!.pdu).toMatchObject({ sender: carol, content: { membership: 'leave' } });
    expect(await standing()).toBe('leave');
  });

  it.each([
    ['is away', (): void => away('a.org')],
    [
      'refuses',
      (): void => void rig.servers.trouble.set('a.org', new RemoteServerError('a.org', 403, 'M_FORBIDDEN', 'no')),
    ],
    [
      'gives a template of nothing',
      (): void => void (rig.servers.makeLeave = async () => ({ roomVersion: '11', event: {} })),
    ],
  ])('an invite is over here when the inviter’s server %s, and can be forgotten', async (_what, trouble) => {
    await invite();
    trouble();
    await leave();
    expect(await standing()).toBe('leave');
    await rig.membership.forget(requester(carol), room.roomId);
    expect(await standing()).toBeUndefined();
  });

  it('a knock goes to a server of the room, and is taken back there', async () => {
    await rig.membership.knock(requester(carol), room.roomId, { via: ['c.org', 'b.org'] });
    expect(rig.servers.calls).toEqual(['make_knock c.org', 'make_knock b.org', 'send_knock b.org']);
    expect(await standing()).toBe('knock');
    await leave();
    expect(rig.servers.calls.slice(3)).toContain('send_leave b.org');
    expect(await standing()).toBe('leave');
  });

  it('a knock that no server takes is none', async () => {
    away('a.org');
    await expect(rig.membership.knock(requester(carol), room.roomId, { via: ['c.org'] })).rejects.toMatchObject({
      errcode: 'M_CONNECTION_FAILED',
    });
    expect(await standing()).toBeUndefined();
  });
});
