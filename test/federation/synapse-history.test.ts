import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { startSynapse, type SynapseServer } from '../support/synapse';
import { SYNAPSE_INSTALL_MS } from '../support/synapse-venv';
import type { JsonObject } from '#kernel/json';
import {
  at,
  eventually,
  joinRoom,
  makeRoom,
  messagesOf,
  register,
  registerOnSynapse,
  say,
  stateOf,
  syncOf,
  type Person,
} from './people';

let federation: TestFederation;
let trellis: FederatedServer;
let synapse: SynapseServer;
let alice: Person;
let bob: Person;
beforeAll(async () => {
  federation = startTestFederation();
  synapse = await startSynapse({ ca: federation.ca });
  trellis = await federation.start();
  alice = await register(trellis, 'alice');
  bob = await registerOnSynapse(synapse, 'bob');
}, SYNAPSE_INSTALL_MS);
afterAll(async () => {
  await synapse?.stop();
  await federation?.stop();
});

const membership = async (reader: Person, roomId: string, of: Person) =>
  (await stateOf(reader, roomId, 'm.room.member', of.userId))['membership'];

/** A room of both, known as joined on both sides. */
async function sharedRoom(request: JsonObject = { preset: 'public_chat' }): Promise<string> {
  const roomId = await makeRoom(alice, { ...request, invite: [bob.userId] });
  await joinRoom(bob, roomId, trellis.serverName);
  await eventually(async () => expect(await membership(alice, roomId, bob)).toBe('join'));
  return roomId;
}

/** The whole state as event ids, the same on two servers that agree. */
async function stateIds(person: Person, roomId: string): Promise<string[]> {
  const { status, body } = await person.api('GET', at(roomId, 'state'));
  expect(status).toBe(200);
  return (body as unknown as { event_id: string }[]).map((event) => event.event_id).sort();
}

const agree = (roomId: string) =>
  eventually(async () => expect(await stateIds(alice, roomId)).toEqual(await stateIds(bob, roomId)), 60);

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
  it.each(['Trellis', 'Synapse'])('is left by a user of %s, and the other side knows', async (name) => {
    const roomId = await sharedRoom();
    const [leaver, stayer] = name === 'Trellis' ? [alice, bob] : [bob, alice];
    await eventually(async () => expect(await membership(stayer, roomId, leaver)).toBe('join'));
    expect((await leaver.api('POST', at(roomId, 'leave'), {})).status).toBe(200);
    await eventually(async () => expect(await membership(stayer, roomId, leaver)).toBe('leave'));
    await say(stayer, roomId, 'after the leave');
    expect(await messagesOf(leaver, roomId)).not.toContain('after the leave');
  });

  it('has one history of before the join on both sides, however long', async () => {
    const texts = Array.from({ length: 45 }, (_, i) => `line ${i}`);
    for (const [writer, reader, home] of [
      [alice, bob, trellis.serverName],
      [bob, alice, synapse.serverName],
    ] as const) {
      const roomId = await makeRoom(writer, { preset: 'public_chat' });
      for (const text of texts) await say(writer, roomId, text);
      await joinRoom(reader, roomId, home);
      await eventually(async () => expect(await wholeHistory(reader, roomId)).toEqual([...texts].reverse()), 30);
    }
  });

  it('keeps what was said before the join from those whom it is hidden from', async () => {
    const hidden = { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } };
    for (const [writer, reader, home] of [
      [alice, bob, trellis.serverName],
      [bob, alice, synapse.serverName],
    ] as const) {
      const roomId = await makeRoom(writer, { preset: 'public_chat', initial_state: [hidden] });
      await say(writer, roomId, 'a secret');
      await joinRoom(reader, roomId, home);
      await eventually(async () => expect(await membership(writer, roomId, reader)).toBe('join'));
      await say(writer, roomId, 'in the open');
      await eventually(async () => expect(await messagesOf(reader, roomId)).toContain('in the open'));
      expect(await wholeHistory(reader, roomId)).not.toContain('a secret');
    }
  });

  it('is upgraded by hand on Trellis: the tombstone arrives, and the new room is joined', async () => {
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

  it('is one room again after both sides went on alone', async () => {
    const roomId = await sharedRoom({ preset: 'trusted_private_chat', room_version: '10' });
    await eventually(async () => expect(await stateOf(bob, roomId, 'm.room.power_levels')).toHaveProperty('users'));
    const set = async (person: Person, type: string, content: JsonObject, key = '') =>
      expect((await person.api('PUT', at(roomId, `state/${type}/${encodeURIComponent(key)}`), content)).status).toBe(
        200,
      );
    await agree(roomId);

    await synapse.pause();
    await set(alice, 'm.room.topic', { topic: 'of Trellis' });
    await set(alice, 'm.room.name', { name: 'of Trellis' });
    await say(alice, roomId, 'alone on Trellis');
    await trellis.pause();
    await synapse.resume();
    await set(bob, 'm.room.topic', { topic: 'of Synapse' });
    await set(bob, 'm.room.join_rules', { join_rule: 'public' });
    await say(bob, roomId, 'alone on Synapse');
    await trellis.restart();

    await say(alice, roomId, 'together again');
    await say(bob, roomId, 'so am I');
    const all = expect.arrayContaining(['alone on Trellis', 'alone on Synapse', 'together again', 'so am I']);
    for (const person of [alice, bob]) {
      await eventually(async () => expect(await messagesOf(person, roomId)).toEqual(all), 60);
    }
    await agree(roomId);
    expect(await stateOf(alice, roomId, 'm.room.name')).toEqual({ name: 'of Trellis' });
    expect(await stateOf(alice, roomId, 'm.room.join_rules')).toEqual({ join_rule: 'public' });
  }, 240_000);

  it('settles a ban against what the banned did meanwhile', async () => {
    const roomId = await sharedRoom({ preset: 'trusted_private_chat', room_version: '11' });
    const carol = await registerOnSynapse(synapse, 'carol');
    expect((await bob.api('POST', at(roomId, 'invite'), { user_id: carol.userId })).status).toBe(200);
    await joinRoom(carol, roomId, synapse.serverName);
    await eventually(async () => expect(await membership(alice, roomId, carol)).toBe('join'));
    await alice.api('PUT', at(roomId, 'state/m.room.power_levels'), {
      ...(await stateOf(alice, roomId, 'm.room.power_levels')),
      events: { 'm.room.topic': 0 },
    });
    await agree(roomId);

    const topic = { topic: 'by the banned' };
    await Promise.all([
      alice.api('POST', at(roomId, 'ban'), { user_id: carol.userId }),
      carol.api('PUT', at(roomId, 'state/m.room.topic'), topic),
    ]);
    await say(alice, roomId, 'one');
    await say(bob, roomId, 'two');
    await agree(roomId);
    expect(await membership(bob, roomId, carol)).toBe('ban');
    expect(Object.keys((await syncOf(carol)).join ?? {})).not.toContain(roomId);
  }, 120_000);
});
