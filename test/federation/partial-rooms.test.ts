import type { ServerResponse } from 'node:http';
import type { JsonObject } from '#kernel/json';
import type { Pdu, SignedEvent } from '#protocol/events/index';
import { HostileRoom } from './hostile-rooms';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { bodyOf, send } from './hostile-server';
import { at, say } from './people';

const MEMBER = 'm.room.member';

interface SyncedRoom {
  readonly timeline: { readonly events: readonly JsonObject[]; readonly limited: boolean };
  readonly state: { readonly events: readonly JsonObject[] };
  readonly summary: JsonObject;
  readonly unread_notifications?: JsonObject;
}

/** A room that is joined without its members, in which somebody speaks who is banned as it turns out. */
describe('a room whose members come later', () => {
  let scene: HostileScene;
  let room: HostileRoom;
  let banned: string;
  let joinedOnce: SignedEvent;
  let aliceJoin: Pdu;
  let bringMembers: () => void;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());
  beforeEach(async () => {
    room = new HostileRoom(scene);
    const [create, host, rules] = room.state as [SignedEvent, SignedEvent, SignedEvent];
    banned = `@banned:${scene.hostile.serverName}`;
    const joinAuthority = [create.eventId, rules.eventId];
    joinedOnce = room.add(MEMBER, banned, { membership: 'join' }, { sender: banned, authEvents: joinAuthority });
    const banAuthority = [create.eventId, host.eventId, joinedOnce.eventId];
    const ban = room.add(MEMBER, banned, { membership: 'ban' }, { authEvents: banAuthority });
    const shown = [create, host, rules].map(({ pdu }) => pdu);
    const authority = [...shown, joinedOnce.pdu];
    let waiting: ServerResponse | undefined;
    let isBrought = false;
    const members = (response: ServerResponse) =>
      send(response, 200, { pdus: [...shown, ban.pdu], auth_chain: authority });
    bringMembers = () => {
      isBrought = true;
      if (waiting !== undefined) members(waiting);
    };
    scene.hostile.answerWith(async (request, response) => {
      const url = request.url ?? '';
      if (url.includes('/make_join')) return send(response, 200, room.template());
      if (url.includes('/state/')) return isBrought ? members(response) : void (waiting = response);
      if (!url.includes('/send_join')) return send(response, 404, { errcode: 'M_NOT_FOUND', error: 'no' });
      aliceJoin = (await bodyOf(request)) as Pdu;
      const partial = { members_omitted: true, servers_in_room: [scene.hostile.serverName] };
      send(response, 200, { state: shown, auth_chain: authority, event: aliceJoin, ...partial });
    });
    expect(await room.ask('join')).toMatchObject({ status: 200 });
  });

  /** The banned user says something, with the authority of the time before the ban; its id. */
  const bannedSays = async (after: string, type: string, content: JsonObject): Promise<string> => {
    const { eventId, pdu } = scene.hostile.event(
      { roomId: room.roomId, version: room.version, join: joinedOnce, auth: [], answer: {} },
      {
        type,
        content,
        sender: banned,
        prevEvents: [after],
        authEvents: [room.state[0]!.eventId, joinedOnce.eventId],
        depth: aliceJoin.depth + 2,
      },
    );
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    return eventId;
  };
  const sync = async (since?: string, of = room): Promise<{ room: SyncedRoom | undefined; next: string }> => {
    const query = since === undefined ? '' : `&since=${since}`;
    const { status, body } = await scene.alice.api('GET', `/sync?timeout=20000${query}`);
    expect(status).toBe(200);
    const rooms = body['rooms'] as { join?: Record<string, SyncedRoom> } | undefined;
    return { room: rooms?.join?.[of.roomId], next: body['next_batch'] as string };
  };
  const idsOf = (events: readonly JsonObject[]) => events.map((event) => event['event_id']);
  const typesOf = (events: readonly JsonObject[]) => events.map((event) => event['type']).sort();
  const get = (path: string) => scene.alice.api('GET', at(room.roomId, path));

  it('comes with its state, from the first sync on and in the one after it', async () => {
    const { room: whole, next } = await sync();
    expect(typesOf(whole!.state.events)).toEqual(['m.room.create', 'm.room.join_rules', MEMBER]);
    expect(typesOf(whole!.timeline.events)).toEqual([MEMBER]);
    bringMembers();
    await sync(next);
    const { next: since } = await sync();
    const other = new HostileRoom(scene);
    other.serve();
    expect(await other.ask('join')).toMatchObject({ status: 200 });
    expect(typesOf((await sync(since, other)).room!.state.events)).toEqual([
      'm.room.create',
      'm.room.join_rules',
      MEMBER,
    ]);
  });

  it('has who asks for one of them wait until they have come, but not who asks for one that is there', async () => {
    const theirs = get(`state/${MEMBER}/${encodeURIComponent(banned)}`);
    const own = get(`state/${MEMBER}/${encodeURIComponent(scene.alice.userId)}`);
    expect(await own).toMatchObject({ status: 200, body: { membership: 'join' } });
    await say(scene.alice, room.roomId, 'meanwhile');
    bringMembers();
    expect(await theirs).toMatchObject({ status: 200, body: { membership: 'ban' } });
  });

  it('is shown anew when they have come, without what only a banned user could say meanwhile', async () => {
    const hers = await say(scene.alice, room.roomId, 'hers');
    const theirs = await bannedSays(hers, 'm.room.message', { msgtype: 'm.text', body: 'theirs' });
    const reaction = { 'm.relates_to': { rel_type: 'm.annotation', event_id: hers, key: '👎' } };
    const reacted = await bannedSays(hers, 'm.reaction', reaction);
    const before = await sync();
    expect(idsOf(before.room!.timeline.events)).toEqual(expect.arrayContaining([hers, theirs, reacted]));
    expect(before.room!.unread_notifications).toMatchObject({ notification_count: 1 });

    const waiting = sync(before.next);
    bringMembers();
    const { room: anew, next } = await waiting;
    const after = anew!;
    expect(after.timeline.limited).toBe(true);
    expect(idsOf(after.timeline.events)).toContain(hers);
    for (const gone of [theirs, reacted]) expect(idsOf(after.timeline.events)).not.toContain(gone);
    expect(after.state.events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state_key: banned, content: expect.objectContaining({ membership: 'ban' }) }),
      ]),
    );
    expect(after.unread_notifications).toMatchObject({ notification_count: 0 });
    // What was told once is not told again.
    const nothing = await scene.alice.api('GET', `/sync?since=${next}`);
    expect(nothing.body['rooms']).toBeUndefined();
    expect((await get(`event/${encodeURIComponent(theirs)}`)).status).toBe(404);
    expect(JSON.stringify((await get(`context/${encodeURIComponent(hers)}?limit=50`)).body)).not.toContain('theirs');
  });
});
