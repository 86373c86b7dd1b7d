import type { JsonObject, JsonValue } from '#kernel/json';
import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { HostileServer, send, type Forgery, type JoinedRoom } from './hostile-server';
import { at, eventually, makeRoom, messagesOf, register, say, stateOf, syncOf, type Person } from './people';

/** Each test names the rows of SECURITY-CASES that it is for. */
describe('against a hostile server', () => {
  let federation: TestFederation;
  let victim: FederatedServer;
  let hostile: HostileServer;
  let alice: Person;
  let roomId: string;
  let room: JoinedRoom;

  beforeAll(async () => {
    federation = startTestFederation();
    [victim, hostile] = await Promise.all([federation.start(), HostileServer.start(federation.ca)]);
    alice = await register(victim, 'alice');
    roomId = await makeRoom(alice, { preset: 'public_chat', room_version: '11' });
    room = await hostile.join(victim, roomId);
  });
  afterAll(async () => {
    await hostile?.stop();
    await federation.stop();
  });

  /** Sends one event; what the victim says of it. */
  const sendOne = async (pdu: JsonValue): Promise<JsonObject> => {
    const answer = await hostile.send(victim, [pdu]);
    expect(answer.status).toBe(200);
    return answer.body['pdus'] as JsonObject;
  };
  const forge = (forgery: Forgery) => hostile.event(room, forgery);
  const isAlive = async () => {
    const text = `alive ${Math.floor(performance.now())}`;
    await say(alice, roomId, text);
    expect(await messagesOf(alice, roomId)).toContain(text);
  };

  it('takes an honest event: the refusals below are for their reasons', async () => {
    const { pdu, eventId } = forge({ content: { msgtype: 'm.text', body: 'an honest word' } });
    expect(await sendOne(pdu)).toEqual({ [eventId]: {} });
    expect(await messagesOf(alice, roomId)).toContain('an honest word');
  });

  it('row 6: drops events with a forged sender, or without a valid signature', async () => {
    const stolen = forge({ sender: alice.userId, content: { msgtype: 'm.text', body: 'as alice' } });
    const honest = forge({ content: { msgtype: 'm.text', body: 'unsigned' } });
    const unsigned = { ...honest.pdu, signatures: {} };
    const wrong = { ...honest.pdu, signatures: { [hostile.serverName]: { [hostile.key.keyId]: 'A'.repeat(86) } } };
    for (const pdu of [stolen.pdu, unsigned, wrong]) await sendOne(pdu);
    const shown = await messagesOf(alice, roomId);
    expect(shown).not.toContain('as alice');
    expect(shown).not.toContain('unsigned');
  });

  it('row 6: shows nothing of a content whose hash is wrong', async () => {
    const { pdu } = forge({ content: { msgtype: 'm.text', body: 'hashed' } });
    await sendOne({ ...pdu, content: { msgtype: 'm.text', body: 'swapped' } });
    expect(await messagesOf(alice, roomId)).not.toContain('swapped');
  });

  it('row 3: refuses a depth beyond all numbers, and goes on counting', async () => {
    for (const depth of [2 ** 63, -1, 1.5]) {
      const honest = forge({ content: { msgtype: 'm.text', body: `depth ${depth}` } });
      await sendOne({ ...honest.pdu, depth });
      expect(await messagesOf(alice, roomId)).not.toContain(`depth ${depth}`);
    }
    const deepest = forge({ depth: Number.MAX_SAFE_INTEGER, content: { msgtype: 'm.text', body: 'deepest' } });
    await sendOne(deepest.pdu);
    await isAlive();
  });

  it('row 13: rejects events authorised by those of another room', async () => {
    const other = await hostile.join(victim, await makeRoom(alice, { preset: 'public_chat', room_version: '11' }));
    const { pdu } = forge({ authEvents: other.auth, content: { msgtype: 'm.text', body: 'borrowed rights' } });
    await sendOne(pdu);
    expect(await messagesOf(alice, roomId)).not.toContain('borrowed rights');
  });

  it('row 19: refuses joins, leaves, knocks, invites and exchanges whose room or event is not the path’s', async () => {
    const elsewhere = await makeRoom(alice, { preset: 'public_chat', room_version: '11' });
    const member = (membership: string) =>
      forge({ type: 'm.room.member', stateKey: hostile.userId, content: { membership } });
    const path = (operation: string, room: string, id: string) =>
      `/_matrix/federation/${operation}/${encodeURIComponent(room)}/${encodeURIComponent(id)}`;
    for (const [operation, membership] of [
      ['v2/send_join', 'join'],
      ['v2/send_leave', 'leave'],
      ['v1/send_knock', 'knock'],
    ] as const) {
      const { pdu, eventId } = member(membership);
      expect((await hostile.request(victim, 'PUT', path(operation, elsewhere, eventId), pdu)).status).toBe(400);
      expect((await hostile.request(victim, 'PUT', path(operation, roomId, '$other'), pdu)).status).toBe(400);
    }
    const invite = forge({ type: 'm.room.member', stateKey: alice.userId, content: { membership: 'invite' } });
    const body = { room_version: '11', event: invite.pdu, invite_room_state: [] };
    expect((await hostile.request(victim, 'PUT', path('v2/invite', elsewhere, invite.eventId), body)).status).toBe(400);
    expect((await hostile.request(victim, 'PUT', path('v2/invite', roomId, '$other'), body)).status).toBe(400);
    const signed = { mxid: hostile.userId, token: 'x', signatures: {} };
    const content = { membership: 'invite', third_party_invite: { display_name: 'm', signed } };
    const exchange = {
      type: 'm.room.member',
      room_id: roomId,
      sender: alice.userId,
      state_key: hostile.userId,
      content,
    };
    const exchangePath = `/_matrix/federation/v1/exchange_third_party_invite/${encodeURIComponent(elsewhere)}`;
    expect((await hostile.request(victim, 'PUT', exchangePath, exchange)).status).toBe(400);
  });

  it('row 10: a redaction without rights takes nothing away', async () => {
    const eventId = await say(alice, roomId, 'stays');
    const { pdu } = forge({ type: 'm.room.redaction', content: { redacts: eventId } });
    await sendOne(pdu);
    expect(await messagesOf(alice, roomId)).toContain('stays');
  });

  it('rows 10, 32, 50: a server speaks for nobody but its own members', async () => {
    const eventId = await say(alice, roomId, 'unread');
    const typing = (user: string, where: string) => ({
      edu_type: 'm.typing',
      content: { room_id: where, user_id: user, typing: true },
    });
    const receipt = (user: string) => ({
      edu_type: 'm.receipt',
      content: { [roomId]: { 'm.read': { [user]: { event_ids: [eventId], data: { ts: 1 } } } } },
    });
    const presence = {
      edu_type: 'm.presence',
      content: { push: [{ user_id: alice.userId, presence: 'online', status_msg: 'forged' }] },
    };
    const stranger = `@stranger:${hostile.serverName}`;
    const edus = [
      typing(alice.userId, roomId),
      typing(stranger, roomId),
      receipt(alice.userId),
      receipt(stranger),
      presence,
    ];
    expect(
      (await hostile.send(victim, [], [...edus, { edu_type: 'org.unknown', content: {} }, 'no object'])).status,
    ).toBeLessThan(500);
    await hostile.send(victim, [], edus);
    const text = JSON.stringify((await syncOf(alice)).join?.[roomId]);
    expect(text).not.toContain(stranger);
    expect(text).not.toContain('m.typing');
    const status = await alice.api('GET', `/presence/${encodeURIComponent(alice.userId)}/status`);
    expect(JSON.stringify(status.body)).not.toContain('forged');
  });

  it('floods: takes no more than 50 events and 100 EDUs at once', async () => {
    const edu = { edu_type: 'm.typing', content: { room_id: roomId, user_id: hostile.userId, typing: true } };
    expect(
      (
        await hostile.send(
          victim,
          [],
          Array.from({ length: 101 }, () => edu),
        )
      ).status,
    ).toBe(400);
    expect(
      (
        await hostile.send(
          victim,
          Array.from({ length: 51 }, () => forge({}).pdu),
        )
      ).status,
    ).toBe(400);
    await isAlive();
  });

  it('row 41: refuses what is no canonical JSON, too large or too deep, and stays', async () => {
    const { pdu } = forge({});
    await sendOne({ ...pdu, content: { msgtype: 'm.text', body: 'float', n: 1.5 } });
    await sendOne({ ...pdu, content: { msgtype: 'm.text', body: 'x'.repeat(70_000) } });
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const raw = `{"origin":"x","origin_server_ts":1,"pdus":[${deep}]}`;
    const answer = await hostile.request(victim, 'PUT', '/_matrix/federation/v1/send/deep', {}, raw);
    expect([400, 401]).toContain(answer.status);
    expect(await messagesOf(alice, roomId)).not.toContain('float');
    await isAlive();
  });

  it('row 17: one malformed event does not fail the others', async () => {
    const { pdu, eventId } = forge({ content: { msgtype: 'm.text', body: 'beside a bad one' } });
    const answer = await hostile.send(victim, [{ type: 5 }, pdu, { ...pdu, prev_events: 'none' }]);
    expect(answer.body['pdus']).toMatchObject({ [eventId]: {} });
    expect(await messagesOf(alice, roomId)).toContain('beside a bad one');
  });

  it('rows 5, 28: tells a server nothing of rooms that it is not in, and of unknown ones the same', async () => {
    const secret = await makeRoom(alice, { preset: 'private_chat', room_version: '11' });
    const eventId = await say(alice, secret, 'secret');
    const ask = (path: string) => hostile.request(victim, 'GET', `/_matrix/federation/v1/${path}`);
    const [own, id, unknown] = [
      encodeURIComponent(roomId),
      encodeURIComponent(eventId),
      encodeURIComponent('$unknown'),
    ];
    expect(await ask(`event/${id}`)).toEqual(await ask(`event/${unknown}`));
    expect(await ask(`event_auth/${own}/${id}`)).toEqual(await ask(`event_auth/${own}/${unknown}`));
    for (const operation of ['state', 'state_ids']) {
      expect(await ask(`${operation}/${own}?event_id=${id}`)).toEqual(
        await ask(`${operation}/${own}?event_id=${unknown}`),
      );
      const foreign = await ask(`${operation}/${encodeURIComponent(secret)}?event_id=${id}`);
      expect(foreign.status).toBe(403);
      expect(await ask(`${operation}/${encodeURIComponent('!none:nowhere.example')}?event_id=${id}`)).toEqual(foreign);
    }
    const backfill = await ask(`backfill/${own}?v=${id}&limit=10`);
    expect(JSON.stringify(backfill.body)).not.toContain('secret');
    const missing = { earliest_events: [], latest_events: [eventId], limit: 10 };
    const path = `/_matrix/federation/v1/get_missing_events/${own}`;
    expect((await hostile.request(victim, 'POST', path, missing)).body).toEqual({ events: [] });
  });

  it('rows 29, 39: shows a bad and oversized invite state in part, and syncs go on', async () => {
    const guest = await register(victim, 'guest');
    const foreign = `!foreign:${hostile.serverName}`;
    const invite = hostile.event(room, {
      roomId: foreign,
      type: 'm.room.member',
      stateKey: guest.userId,
      content: { membership: 'invite' },
    });
    const big = { type: 'm.room.topic', state_key: '', sender: hostile.userId, content: { topic: 'x'.repeat(60_000) } };
    const state: JsonValue[] = [
      { type: 5 },
      { content: null },
      ...Array.from({ length: 10 }, (_, i) => ({ ...big, state_key: String(i) })),
    ];
    const body = { room_version: '11', event: invite.pdu, invite_room_state: state };
    const path = `/_matrix/federation/v2/invite/${encodeURIComponent(foreign)}/${encodeURIComponent(invite.eventId)}`;
    const whole = { ...body, invite_room_state: Array.from({ length: 30 }, () => big) };
    expect((await hostile.request(victim, 'PUT', path, whole as JsonObject)).status).toBe(413);
    expect((await hostile.request(victim, 'PUT', path, body as JsonObject)).status).toBe(200);
    await eventually(async () => expect(Object.keys((await syncOf(guest)).invite ?? {})).toContain(foreign));
    expect(JSON.stringify(await syncOf(guest)).length).toBeLessThan(80_000);
  });

  it('row 49: signs no event but the one that was asked for', async () => {
    const foreign = `!trap:${hostile.serverName}`;
    const levels = {
      room_id: foreign,
      type: 'm.room.power_levels',
      sender: alice.userId,
      state_key: '',
      content: { users: { [hostile.userId]: 100 } },
    };
    const trap = { ...levels, depth: 5, prev_events: ['$a'], auth_events: [], origin_server_ts: Date.now() };
    let signed: string[] = [];
    hostile.answerWith((request, response) => {
      if (request.url?.includes('/make_join/') === true)
        return send(response, 200, { room_version: '11', event: trap });
      signed = [...signed, request.url ?? ''];
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        signed.push(text);
        send(response, 403, { errcode: 'M_FORBIDDEN', error: 'got you' });
      });
    });
    const joined = await alice.api(
      'POST',
      `/join/${encodeURIComponent(foreign)}?via=${encodeURIComponent(hostile.serverName)}`,
      {},
    );
    expect(joined.status).toBeGreaterThanOrEqual(400);
    expect(signed.join('\n')).not.toContain('power_levels');
  });

  it('row 25: gives up on an endless answer, and on one that never comes', async () => {
    const foreign = `!endless:${hostile.serverName}`;
    hostile.answerWith((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '.repeat(65_536)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const joined = await alice.api(
      'POST',
      `/join/${encodeURIComponent(foreign)}?via=${encodeURIComponent(hostile.serverName)}`,
      {},
    );
    expect(joined.status).toBeGreaterThanOrEqual(400);
    await isAlive();
  }, 60_000);

  it('row 36: an endless get_missing_events ends', async () => {
    const chain = (count: number) => {
      let before = '$nobody-has-this-AAAAAAAAAAAAAAAAAAAAAAAAAAAA';
      return Array.from({ length: count }, () => {
        const { pdu, eventId } = forge({ prevEvents: [before], depth: 1_000 });
        before = eventId;
        return pdu;
      });
    };
    hostile.answerWith((request, response) => {
      if (request.url?.includes('get_missing_events') === true) return send(response, 200, { events: chain(10) });
      send(response, 404, { errcode: 'M_NOT_FOUND', error: 'no' });
    });
    const asked = hostile.asked.length;
    const { pdu } = forge({ prevEvents: ['$missing-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB'], depth: 1_001 });
    await sendOne(pdu);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(hostile.asked.length - asked).toBeLessThan(100);
    await isAlive();
  });

  it('row 33: an ACL shuts the server out of everything that is about the room', async () => {
    const denied = { allow: ['*'], deny: ['LOCALHOST'], allow_ip_literals: true };
    expect((await alice.api('PUT', at(roomId, 'state/m.room.server_acl'), denied)).status).toBe(200);
    const { pdu, eventId } = forge({ content: { msgtype: 'm.text', body: 'shut out' } });
    expect(await sendOne(pdu)).toMatchObject({ [eventId]: { error: expect.any(String) } });
    expect(await messagesOf(alice, roomId)).not.toContain('shut out');
    const state = `/_matrix/federation/v1/state_ids/${encodeURIComponent(roomId)}?event_id=${encodeURIComponent(eventId)}`;
    expect((await hostile.request(victim, 'GET', state)).status).toBe(403);
    const make = `/_matrix/federation/v1/make_join/${encodeURIComponent(roomId)}/${encodeURIComponent(hostile.userId)}?ver=11`;
    expect((await hostile.request(victim, 'GET', make)).status).toBe(403);
    expect(await stateOf(alice, roomId, 'm.room.member', hostile.userId)).toMatchObject({ membership: 'join' });
  });
});
