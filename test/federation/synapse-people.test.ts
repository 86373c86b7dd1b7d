import { isJsonObject, type JsonObject } from '#kernel/json';
import { besideSynapse, SIDES } from './beside-synapse';
import {
  at,
  eventually,
  joinRoom,
  makeRoom,
  messagesOf,
  say,
  syncOf,
  tryJoin,
  untilMember,
  type Person,
} from './people';

const beside = besideSynapse();

/** A public room of the host that the guest has joined. */
async function shared(host: Person, guest: Person, home: string): Promise<string> {
  const roomId = await makeRoom(host, { preset: 'public_chat' });
  await joinRoom(guest, roomId, home);
  await untilMember(host, roomId, guest, 'join');
  return roomId;
}

/** The ephemeral events of a type that somebody's sync has of a room. */
async function ephemeral(person: Person, roomId: string, type: string): Promise<JsonObject[]> {
  const room = (await syncOf(person)).join?.[roomId] as { ephemeral?: { events?: JsonObject[] } } | undefined;
  const events = (room?.ephemeral?.events ?? []).filter((event) => event['type'] === type);
  return events.flatMap(({ content }) => (isJsonObject(content) ? [content] : []));
}

const isHeard = (listener: Person, roomId: string, text: string) =>
  eventually(async () => expect(await messagesOf(listener, roomId)).toContain(text));

describe.each(SIDES)('a user of %s', (side) => {
  it('is found by name and picture', async () => {
    const { host, guest, home } = beside.pair(side);
    const user = encodeURIComponent(host.userId);
    const profile = { displayname: `Chief of ${side}`, avatar_url: `mxc://${home}/chief` };
    for (const [field, value] of Object.entries(profile)) {
      expect(await host.api('PUT', `/profile/${user}/${field}`, { [field]: value })).toMatchObject({ status: 200 });
    }
    expect((await guest.api('GET', `/profile/${user}`)).body).toMatchObject(profile);
    expect((await guest.api('GET', `/profile/${user}/displayname`)).body).toEqual({ displayname: profile.displayname });
    const nobody = encodeURIComponent(`@nobody:${home}`);
    expect((await guest.api('GET', `/profile/${nobody}`)).status).toBe(404);
  });

  it('gives a room an alias, by which it is found and joined from the other side until it is taken away', async () => {
    const { host, guest, home } = beside.pair(side);
    const [first, second] = [`#first-${side}:${home}`, `#second-${side}:${home}`];
    const roomId = await makeRoom(host, { preset: 'public_chat', room_alias_name: `first-${side}` });
    const path = (alias: string) => `/directory/room/${encodeURIComponent(alias)}`;
    expect(await host.api('PUT', path(second), { room_id: roomId })).toMatchObject({ status: 200 });
    for (const alias of [first, second]) {
      const { status, body } = await guest.api('GET', path(alias));
      expect({ status, room: body['room_id'] }).toEqual({ status: 200, room: roomId });
      expect(body['servers']).toContain(home);
    }
    expect((await guest.api('POST', `/join/${encodeURIComponent(second)}`, {})).body).toEqual({ room_id: roomId });
    expect(await host.api('DELETE', path(second))).toMatchObject({ status: 200 });
    expect((await guest.api('GET', path(second))).status).toBe(404);
  });

  it('lists a room, which the other side finds, also by a word, and no more when it is taken off', async () => {
    const { host, guest, home } = beside.pair(side);
    const name = `Gardeners of ${side}`;
    const roomId = await makeRoom(host, { preset: 'public_chat', visibility: 'public', name, topic: 'roses' });
    const path = `/publicRooms?server=${encodeURIComponent(home)}`;
    const find = async (term: string) =>
      (await guest.api('POST', path, { filter: { generic_search_term: term } })).body['chunk'] as JsonObject[];
    await eventually(async () =>
      expect((await guest.api('GET', path)).body['chunk']).toContainEqual(expect.objectContaining({ room_id: roomId })),
    );
    const entry = { room_id: roomId, name, topic: 'roses', num_joined_members: 1, world_readable: false };
    expect(await find('gardeners')).toContainEqual(expect.objectContaining(entry));
    expect(await find('no such words')).toEqual([]);
    const listing = `/directory/list/room/${encodeURIComponent(roomId)}`;
    expect(await host.api('PUT', listing, { visibility: 'private' })).toMatchObject({ status: 200 });
    await eventually(async () => expect(await find('gardeners')).toEqual([]));
    expect((await tryJoin(guest, roomId, home)).status).toBe(200);
  });

  it('is seen typing, and stopping', async () => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await shared(host, guest, home);
    const path = at(roomId, `typing/${encodeURIComponent(host.userId)}`);
    const typists = async () => (await ephemeral(guest, roomId, 'm.typing')).flatMap((event) => event['user_ids']);
    await host.api('PUT', path, { typing: true, timeout: 30_000 });
    await eventually(async () => expect(await typists()).toEqual([host.userId]));
    await host.api('PUT', path, { typing: false });
    await eventually(async () => expect(await typists()).toEqual([]));
  });

  it('is seen reading, thread by thread, but for what is read in private', async () => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await shared(host, guest, home);
    const root = await say(guest, roomId, 'a root');
    const reply = await guest.api('PUT', at(roomId, `send/m.room.message/reply-${side}`), {
      msgtype: 'm.text',
      body: 'a reply',
      'm.relates_to': { rel_type: 'm.thread', event_id: root },
    });
    const replyId = reply.body['event_id'] as string;
    const last = await say(guest, roomId, 'the last');
    await isHeard(host, roomId, 'the last');
    const read = async (type: string, eventId: string, body: JsonObject) =>
      expect(await host.api('POST', at(roomId, `receipt/${type}/${encodeURIComponent(eventId)}`), body)).toMatchObject({
        status: 200,
      });
    await read('m.read.private', last, {});
    await read('m.read', replyId, { thread_id: root });
    await read('m.read', root, { thread_id: 'main' });

    const receipts = async () => Object.assign({}, ...(await ephemeral(guest, roomId, 'm.receipt'))) as JsonObject;
    const by = (receipt: JsonObject) => ({ [host.userId]: expect.objectContaining(receipt) });
    await eventually(async () => {
      const all = await receipts();
      expect(all[replyId]).toMatchObject({ 'm.read': by({ thread_id: root }) });
      expect(all[root]).toMatchObject({ 'm.read': by({ thread_id: 'main' }) });
    });
    await read('m.read', last, {});
    await eventually(async () => expect((await receipts())[last]).toMatchObject({ 'm.read': by({}) }));
    expect(JSON.stringify(await receipts())).not.toContain('m.read.private');
  });

  it('is seen being there, away and gone', async () => {
    const { host, guest, home } = beside.pair(side);
    await shared(host, guest, home);
    const path = `/presence/${encodeURIComponent(host.userId)}/status`;
    for (const [presence, status_msg] of [
      ['unavailable', 'at lunch'],
      ['online', 'back'],
      ['offline', 'gone home'],
    ] as const) {
      expect(await host.api('PUT', path, { presence, status_msg })).toMatchObject({ status: 200 });
      await eventually(async () => expect((await guest.api('GET', path)).body).toMatchObject({ presence, status_msg }));
    }
  });
});
