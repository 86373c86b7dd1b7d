import type { JsonObject } from '#kernel/json';
import { besideSynapse, SIDES } from './beside-synapse';
import {
  at,
  eventually,
  joinRoom,
  makeRoom,
  membershipOf,
  messagesOf,
  registerOnSynapse,
  say,
  setState,
  stateOf,
  untilAgreed,
  untilMember,
  untilOut,
  type Person,
} from './people';

const beside = besideSynapse();

/** A room of both, known as joined on both sides. */
async function sharedRoom(request: JsonObject = { preset: 'public_chat' }): Promise<string> {
  const { alice, bob, trellis } = beside;
  const roomId = await makeRoom(alice, { ...request, invite: [bob.userId] });
  await joinRoom(bob, roomId, trellis.serverName);
  await untilMember(alice, roomId, bob, 'join');
  return roomId;
}

/** The texts of all messages, page by page. */
async function wholeHistory(person: Person, roomId: string): Promise<string[]> {
  const texts: string[] = [];
  for (let from: string | undefined = '', pages = 0; from !== undefined && pages < 100; pages++) {
    const query: string = `messages?dir=b&limit=10${from === '' ? '' : `&from=${encodeURIComponent(from)}`}`;
    const { body } = await person.api('GET', at(roomId, query));
    for (const event of body['chunk'] as { type: string; content: { body?: string } }[]) {
      if (event.type === 'm.room.message') texts.push(event.content.body ?? '');
    }
    from = body['end'] as string | undefined;
  }
  return texts;
}

describe('a room of Trellis and Synapse', () => {
  it('has one history of before the join on both sides, however long', async () => {
    const texts = Array.from({ length: 45 }, (_, i) => `line ${i}`);
    for (const side of SIDES) {
      const { host: writer, guest: reader, home } = beside.pair(side);
      const roomId = await makeRoom(writer, { preset: 'public_chat' });
      for (const text of texts) await say(writer, roomId, text);
      await joinRoom(reader, roomId, home);
      await eventually(async () => expect(await wholeHistory(reader, roomId)).toEqual([...texts].reverse()), 30);
    }
  });

  it('keeps what was said before the join from those whom it is hidden from', async () => {
    const hidden = { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } };
    for (const side of SIDES) {
      const { host: writer, guest: reader, home } = beside.pair(side);
      const roomId = await makeRoom(writer, { preset: 'public_chat', initial_state: [hidden] });
      await say(writer, roomId, 'a secret');
      await joinRoom(reader, roomId, home);
      await untilMember(writer, roomId, reader, 'join');
      await say(writer, roomId, 'in the open');
      await eventually(async () => expect(await messagesOf(reader, roomId)).toContain('in the open'));
      expect(await wholeHistory(reader, roomId)).not.toContain('a secret');
    }
  });

  it('is upgraded by hand on Trellis: the tombstone arrives, and the new room is joined', async () => {
    const { alice, bob, trellis } = beside;
    const oldRoom = await sharedRoom({ preset: 'public_chat', room_version: '10' });
    const tombstone = (replacement: string) => ({ body: 'moved', replacement_room: replacement });
    const newRoom = await makeRoom(alice, {
      preset: 'public_chat',
      room_version: '12',
      creation_content: { predecessor: { room_id: oldRoom } },
    });
    const moved = await alice.api('PUT', at(oldRoom, 'state/m.room.tombstone'), tombstone(newRoom));
    expect(moved.status).toBe(200);
    await eventually(async () => expect(await stateOf(bob, oldRoom, 'm.room.tombstone')).toEqual(tombstone(newRoom)));
    await joinRoom(bob, newRoom, trellis.serverName);
    const create = await stateOf(bob, newRoom, 'm.room.create');
    expect(create).toMatchObject({ room_version: '12', predecessor: { room_id: oldRoom } });
  });

  it('is upgraded by Synapse: the tombstone arrives, and the new room is joined', async () => {
    const { alice, bob, synapse } = beside;
    const oldRoom = await makeRoom(bob, { preset: 'public_chat', room_version: '9', name: 'the club' });
    await joinRoom(alice, oldRoom, synapse.serverName);
    const { status, body } = await bob.api('POST', at(oldRoom, 'upgrade'), { new_version: '12' });
    expect(status).toBe(200);
    const newRoom = body['replacement_room'] as string;
    await eventually(async () =>
      expect(await stateOf(alice, oldRoom, 'm.room.tombstone')).toMatchObject({ replacement_room: newRoom }),
    );
    await joinRoom(alice, newRoom, synapse.serverName);
    const create = await stateOf(alice, newRoom, 'm.room.create');
    expect(create).toMatchObject({ room_version: '12', predecessor: { room_id: oldRoom } });
    expect(await stateOf(alice, newRoom, 'm.room.name')).toEqual({ name: 'the club' });
  });

  it('is the same on both sides after both set the same key at the same time', async () => {
    const { alice, bob } = beside;
    const roomId = await sharedRoom({ preset: 'trusted_private_chat', room_version: '10' });
    for (let i = 0; i < 5; i++) {
      const set = (person: Person) => setState(person, roomId, 'm.room.name', { name: `${person.userId} ${i}` });
      await Promise.all([set(alice), set(bob)]);
    }
    await untilAgreed(roomId, alice, bob);
  });

  it('settles a ban against what the banned did meanwhile', async () => {
    const { alice, bob, synapse } = beside;
    const roomId = await sharedRoom({ preset: 'trusted_private_chat', room_version: '11' });
    const carol = await registerOnSynapse(synapse, 'carol');
    expect((await bob.api('POST', at(roomId, 'invite'), { user_id: carol.userId })).status).toBe(200);
    await joinRoom(carol, roomId, synapse.serverName);
    await untilMember(alice, roomId, carol, 'join');
    await alice.api('PUT', at(roomId, 'state/m.room.power_levels'), {
      ...(await stateOf(alice, roomId, 'm.room.power_levels')),
      events: { 'm.room.topic': 0 },
    });
    await untilAgreed(roomId, alice, bob);

    const topic = { topic: 'by the banned' };
    await Promise.all([
      alice.api('POST', at(roomId, 'ban'), { user_id: carol.userId }),
      carol.api('PUT', at(roomId, 'state/m.room.topic'), topic),
    ]);
    await say(alice, roomId, 'one');
    await say(bob, roomId, 'two');
    await untilAgreed(roomId, alice, bob);
    expect(await membershipOf(bob, roomId, carol)).toBe('ban');
    await untilOut(carol, roomId);
  }, 120_000);
});
