import type { JsonObject } from '#kernel/json';
import type { SignedEvent } from '#protocol/events/index';
import { HostileServer } from './hostile-server';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { syncOf, type Person } from './people';

const MEMBER = 'm.room.member';

describe('a user who is turned away from a room that this server is not in', () => {
  let scene: HostileScene;
  let bob: Person;
  let count = 0;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  beforeEach(async () => {
    bob = await scene.person(`bob${++count}`);
  });
  afterAll(() => scene.stop());

  const invite = async (room: HostileRoom, more: JsonObject = {}): Promise<SignedEvent> => {
    const event = room.make(MEMBER, bob.userId, { membership: 'invite', ...more });
    const shown = room.state.map(({ pdu }) => pdu);
    const body = { room_version: room.version.id, event: event.pdu, invite_room_state: shown };
    expect(await scene.offer('v2/invite', room.roomId, event.eventId, body)).toMatchObject({ status: 200 });
    return event;
  };

  /** The knock as the host has it. */
  const knock = async (room: HostileRoom): Promise<{ eventId: string }> => {
    room.serve(() => ({ knock_room_state: [] }), room.template({ ...ofBob(), content: { membership: 'knock' } }));
    expect(await room.ask('knock', bob)).toMatchObject({ status: 200 });
    return (await scene.victim.domain.membership.of(bob.userId, room.roomId))!;
  };
  const ofBob = () => ({ sender: bob.userId, state_key: bob.userId });

  /** What ends a membership, by what its maker knows of it. */
  const end = (room: HostileRoom, before: { eventId: string }, content: JsonObject = { membership: 'leave' }) =>
    room.make(MEMBER, bob.userId, content, { authEvents: [room.state[1]!.eventId, before.eventId] });

  const sectionsOf = async (roomId: string): Promise<string[]> =>
    Object.entries(await syncOf(bob)).flatMap(([section, rooms]) => (Object.hasOwn(rooms, roomId) ? [section] : []));

  it.each(['1', '3', '11', '12'])('finds the invite gone that was taken back, in room version %s', async (version) => {
    const room = new HostileRoom(scene, { version });
    const invited = await invite(room);
    const { body } = await bob.api('GET', '/sync');
    const since = body['next_batch'] as string;
    const kick = end(room, invited, { membership: 'leave', reason: 'a mistake' });
    expect(await scene.hostile.send(kick.pdu)).toEqual({ [kick.eventId]: {} });
    const { rooms } = (await bob.api('GET', `/sync?since=${since}`)).body as { rooms: Record<string, JsonObject> };
    expect(rooms['invite']).toBeUndefined();
    expect(rooms['leave']![room.roomId]).toMatchObject({
      timeline: {
        events: [
          {
            event_id: kick.eventId,
            sender: scene.hostile.userId,
            state_key: bob.userId,
            content: { membership: 'leave', reason: 'a mistake' },
          },
        ],
      },
    });
    expect(await sectionsOf(room.roomId)).not.toContain('invite');
  });

  it('finds the invite gone when they are banned', async () => {
    const room = new HostileRoom(scene);
    await scene.hostile.send(end(room, await invite(room), { membership: 'ban' }).pdu);
    expect(await sectionsOf(room.roomId)).not.toContain('invite');
  });

  it.each(['11', '12'])('finds the knock gone that was turned down, in room version %s', async (version) => {
    const room = new HostileRoom(scene, { version });
    const knocked = await knock(room);
    expect(await sectionsOf(room.roomId)).toEqual(['knock']);
    await scene.hostile.send(end(room, knocked).pdu);
    expect(await sectionsOf(room.roomId)).not.toContain('knock');
  });

  it('can be invited again, which an end of the first invite that comes late does not undo', async () => {
    const room = new HostileRoom(scene);
    const late = end(room, await invite(room));
    await invite(room, { reason: 'again' });
    await scene.hostile.send(late.pdu);
    expect(await sectionsOf(room.roomId)).toEqual(['invite']);
    room.serve(room.answer(), room.template(ofBob()));
    expect(await room.ask('join', bob)).toMatchObject({ status: 200 });
  });

  it('row 10: is not by a server that has no say: the invite stays', async () => {
    const room = new HostileRoom(scene);
    const invited = await invite(room);
    const another = await HostileServer.start(scene.ca, scene.victim);
    const theirs = new HostileRoom(scene, { roomId: room.roomId, host: another });
    const kicks = [
      end(theirs, invited),
      { ...end(room, invited), pdu: { ...end(room, invited).pdu, signatures: {} } },
      room.make(MEMBER, bob.userId, { membership: 'leave' }, { sender: bob.userId }),
      room.make(MEMBER, bob.userId, { membership: 'leave' }, { sender: another.userId, authEvents: [invited.eventId] }),
    ];
    for (const { pdu } of kicks) await another.transact([pdu]);
    for (const { pdu } of kicks) await scene.hostile.transact([pdu]);
    expect(await sectionsOf(room.roomId)).toEqual(['invite']);
    await another.stop();
  });
});
