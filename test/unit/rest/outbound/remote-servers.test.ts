import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Federation, type RemoteServerError } from '#domain/federation';
import type { RemoteServers } from '#domain/federation-outbound';
import type { JsonObject, JsonValue } from '#kernel/json';
import { HttpOut } from '#platform/http-out/http-out';
import { SigningKey } from '#protocol/signing/index';
import { FederationClient } from '#rest/outbound/federation-client';
import { remoteServers } from '#rest/outbound/remote-servers';
import { makePrivateCa, type PrivateCa } from '../../../support/private-ca';
import { startTestStorage, type TestStorage } from '../../../support/storage';

let ca: PrivateCa;
let database: TestStorage;
let http: HttpOut;
let server: Server;
let other: string;
let remote: RemoteServers;
let destinations: Federation['destinations'];
const clock = { now: Date.now() };
/** What was asked: method and path, with the body. */
let heard: { readonly line: string; readonly body: JsonValue }[];
/** What is answered to a path; anything else is no operation of that server. */
let answers: (path: string) => { readonly status: number; readonly body: JsonValue } | undefined;

const UNRECOGNIZED = { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' };
beforeAll(async () => {
  ca = makePrivateCa();
  const { cert, key } = ca.issue('localhost');
  server = createServer({ cert, key }, (request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const path = request.url!;
      heard.push({ line: `${request.method} ${path}`, body: text === '' ? null : (JSON.parse(text) as JsonValue) });
      const { status, body } = answers(path) ?? { status: 404, body: UNRECOGNIZED };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  other = `localhost:${(server.address() as AddressInfo).port}`;
});
beforeEach(async () => {
  heard = [];
  database = await startTestStorage();
  const names = { addresses: async () => [{ address: '127.0.0.1', family: 4 }], services: async () => [] };
  http = new HttpOut(names, { allowPrivateNetworks: true, caCertificates: [ca.ca] });
  const config = {
    serverName: 'own.test',
    allowedDomains: null,
    deniedDomains: [],
    trustedKeyServers: [],
    revokedKeys: [],
  };
  const signingKey = SigningKey.fromSeed('ed25519:k', Buffer.alloc(32, 5));
  const federation = new Federation(config, {
    storage: database.storage,
    signingKey,
    http,
    names,
    now: () => clock.now,
  });
  ({ destinations } = federation);
  remote = remoteServers(new FederationClient(federation, http));
});
afterEach(async () => {
  await http.close();
  await database.stop();
});
afterAll(() => {
  ca.remove();
  server.closeAllConnections();
  server.close();
});

const PATH = '/!room:a.org/$event:own.test';
const encoded = PATH.split('/').map(encodeURIComponent).join('/');
const signed = { roomId: '!room:a.org', eventId: '$event:own.test', pdu: { type: 'm.room.member' } };
const lines = () => heard.map(({ line }) => line);
const good = (body: JsonValue) => ({ status: 200, body });
/** A server that answers one operation well, and those of another version as told. */
const answering = (operation: string, body: JsonValue, otherwise?: { status: number; body: JsonValue }) => {
  answers = (path) => (path.startsWith(`/_matrix/federation/${operation}/`) ? good(body) : otherwise);
};
const refusal = async (work: Promise<unknown>) => (await work.catch((error: unknown) => error)) as RemoteServerError;

const ROOM: JsonObject = { state: [{ type: 'm.room.create' }], auth_chain: [{ type: 'm.room.power_levels' }] };
const whole = { omitMembers: false };
const invite = (roomVersion: string) =>
  remote.invite(other, { ...signed, roomVersion, state: [{ type: 'm.room.name' }] });

describe('a server that has only the first version of an operation', () => {
  /** As a server may say that it does not have the second. */
  const AS_OLD: readonly (readonly [number, JsonValue])[] = [
    [404, UNRECOGNIZED],
    [400, UNRECOGNIZED],
    [405, UNRECOGNIZED],
    [404, 'Not found'],
  ];

  it.each(AS_OLD)('takes a join when it answered %d %j to the other', async (status, body) => {
    answering('v1/send_join', [200, ROOM], { status, body });
    const answer = await remote.sendJoin(other, signed, { omitMembers: true });
    expect(answer).toEqual({ state: ROOM['state'], authChain: ROOM['auth_chain'], serversInRoom: undefined });
    expect(heard).toEqual([
      { line: `PUT /_matrix/federation/v2/send_join${encoded}?omit_members=true`, body: signed.pdu },
      { line: `PUT /_matrix/federation/v1/send_join${encoded}`, body: signed.pdu },
    ]);
  });

  it.each(AS_OLD)('takes a leave when it answered %d %j to the other', async (status, body) => {
    answering('v1/send_leave', [200, {}], { status, body });
    await remote.sendLeave(other, signed);
    expect(lines()).toEqual([
      `PUT /_matrix/federation/v2/send_leave${encoded}`,
      `PUT /_matrix/federation/v1/send_leave${encoded}`,
    ]);
  });

  it.each([...AS_OLD, [400, { errcode: 'M_BAD_JSON', error: 'room_version?' }] as const])(
    'takes an invite when it answered %d %j to the other, with the state where it looks for it',
    async (status, body) => {
      answering('v1/invite', [200, { event: { type: 'signed' } }], { status, body });
      expect(await invite('2')).toEqual({ type: 'signed' });
      expect(heard).toEqual([
        {
          line: `PUT /_matrix/federation/v2/invite${encoded}`,
          body: { room_version: '2', event: signed.pdu, invite_room_state: [{ type: 'm.room.name' }] },
        },
        {
          line: `PUT /_matrix/federation/v1/invite${encoded}`,
          body: { ...signed.pdu, unsigned: { invite_room_state: [{ type: 'm.room.name' }] } },
        },
      ]);
    },
  );

  it('gets no invite to a room whose version it cannot know', async () => {
    answering('v1/invite', [200, { event: {} }]);
    expect((await refusal(invite('3'))).remoteCode).toBe('M_UNRECOGNIZED');
    expect(lines()).toEqual([`PUT /_matrix/federation/v2/invite${encoded}`]);
  });
});

describe('a server that has the second version of an operation', () => {
  it.each([
    [403, 'M_FORBIDDEN'],
    [400, 'M_UNABLE_TO_GRANT_JOIN'],
    [404, 'M_NOT_FOUND'],
    [500, 'M_UNRECOGNIZED'],
  ])('is not asked again when it refuses with %d %s', async (status, errcode) => {
    answers = () => ({ status, body: { errcode, error: 'No' } });
    expect((await refusal(remote.sendJoin(other, signed, whole))).remoteCode).toBe(errcode);
    expect(heard).toHaveLength(1);
  });

  it('is believed about its refusal of an invite when it has no other version', async () => {
    answers = (path) =>
      path.includes('/v2/') ? { status: 400, body: { errcode: 'M_INVITE_BLOCKED', error: 'No' } } : undefined;
    expect((await refusal(invite('1'))).errcode).toBe('M_INVITE_BLOCKED');
    expect(heard).toHaveLength(2);
  });

  it('tells all servers of the room when it leaves members out, and only then', async () => {
    const servers = Array.from({ length: 300 }, (_, index) => `s${index}.org`);
    const partial = { ...ROOM, members_omitted: true, servers_in_room: servers };
    answering('v2/send_join', partial);
    expect((await remote.sendJoin(other, signed, { omitMembers: true })).serversInRoom).toEqual(servers);
    expect((await remote.sendJoin(other, signed, whole)).serversInRoom).toBeUndefined();
    answering('v2/send_join', { ...ROOM, servers_in_room: servers });
    expect((await remote.sendJoin(other, signed, { omitMembers: true })).serversInRoom).toBeUndefined();
  });
});

describe('a server that is left alone for hours', () => {
  const PEOPLE: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a join', () => remote.makeJoin(other, '!room:a.org', '@a:own.test', ['11'])],
    ['a leave', () => remote.makeLeave(other, '!room:a.org', '@a:own.test')],
    ['a knock', () => remote.makeKnock(other, '!room:a.org', '@a:own.test', ['11'])],
    ['an invite', () => invite('11')],
    ['an alias', () => remote.resolveAlias(other, '#a:localhost')],
    ['its public rooms', () => remote.publicRooms(other, {})],
  ];
  const MACHINES: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a profile', () => remote.profile(other, '@a:localhost')],
    ['history', () => remote.backfill(other, '!room:a.org', ['$event'], 10)],
    ['a state', () => remote.state(other, '!room:a.org', '$event')],
  ];
  beforeEach(async () => {
    await destinations.failed(other, 7_200_000);
    clock.now += 600_000;
    answers = () => ({ status: 403, body: { errcode: 'M_FORBIDDEN', error: 'No' } });
  });

  it.each(PEOPLE)('is asked for %s all the same', async (_, ask) => {
    expect((await refusal(ask())).errcode).toBe('M_FORBIDDEN');
  });

  it.each(MACHINES)('is not asked for %s', async (_, ask) => {
    expect((await refusal(ask())).errcode).toBe('M_CONNECTION_FAILED');
  });
});

describe('the public rooms of a server', () => {
  const page = (query: Parameters<RemoteServers['publicRooms']>[1]) => remote.publicRooms(other, query);
  beforeEach(() => {
    const chunk: JsonValue[] = [{ room_id: '!a:a.org', num_joined_members: 3 }, { name: 'no id' }, 7];
    answers = () => good({ chunk, next_batch: 'n', prev_batch: 5, total_room_count_estimate: 9 });
  });

  it('are asked for a page at a time, no larger than what is passed on', async () => {
    await page({});
    await page({ limit: 20, since: 'here' });
    await page({ limit: 1_000_000 });
    const PUBLIC_ROOMS = 'GET /_matrix/federation/v1/publicRooms';
    expect(lines()).toEqual([
      `${PUBLIC_ROOMS}?limit=1000`,
      `${PUBLIC_ROOMS}?limit=20&since=here`,
      `${PUBLIC_ROOMS}?limit=1000`,
    ]);
  });

  it('are asked for by POST when they are filtered', async () => {
    await page({ limit: 20, search: 'garden', roomTypes: [null, 'm.space'] });
    const filter = { generic_search_term: 'garden', room_types: [null, 'm.space'] };
    expect(heard).toEqual([{ line: 'POST /_matrix/federation/v1/publicRooms', body: { limit: 20, filter } }]);
  });

  it('are those that have an id, and tokens those that are texts', async () => {
    const answer = await page({});
    expect(answer.entries.map(({ roomId, joinedMembers, name }) => [roomId, joinedMembers, name])).toEqual([
      ['!a:a.org', 3, null],
    ]);
    expect(answer).toMatchObject({ nextBatch: 'n', total: 9 });
    expect(answer).not.toHaveProperty('prevBatch');
  });
});

describe('the event that a server has nearest to a time', () => {
  const nearest = (body: JsonValue, status = 200) => {
    answers = () => ({ status, body });
    return remote.nearestTo(other, '!room:a.org', { ts: 1_000, direction: 'b' });
  };

  it('is asked for by the time and the direction', async () => {
    const found = await nearest({ event_id: '$event', origin_server_ts: 999 });
    expect(found).toEqual({ eventId: '$event', originServerTs: 999 });
    const path = `/_matrix/federation/v1/timestamp_to_event/${encodeURIComponent('!room:a.org')}`;
    expect(lines()).toEqual([`GET ${path}?ts=1000&dir=b`]);
  });

  it.each<[string, JsonValue, number]>([
    ['it has none', { errcode: 'M_NOT_FOUND', error: 'no' }, 404],
    ['it does not know the operation', UNRECOGNIZED, 404],
    ['its time is a text', { event_id: '$event', origin_server_ts: '999' }, 200],
    ['its time is a fraction', { event_id: '$event', origin_server_ts: 1.5 }, 200],
    ['its id is no text', { event_id: 5, origin_server_ts: 999 }, 200],
    ['it says nothing', {}, 200],
    ['it says something else', [], 200],
  ])('is none where %s', async (_, body, status) => {
    expect(await nearest(body, status)).toBeUndefined();
  });
});

describe('an answer that is none', () => {
  const asked: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['make_join', () => remote.makeJoin(other, '!room:a.org', '@a:own.test', ['11'])],
    ['make_leave', () => remote.makeLeave(other, '!room:a.org', '@a:own.test')],
    ['make_knock', () => remote.makeKnock(other, '!room:a.org', '@a:own.test', ['11'])],
    ['send_join', () => remote.sendJoin(other, signed, whole)],
    ['invite', () => invite('11')],
    ['a profile', () => remote.profile(other, '@a:localhost')],
    ['a policy server', () => remote.askPolicyServer(other, {})],
  ];

  it.each(asked)('of %s is the fault of the server, not of the client', async (_, ask) => {
    answers = () => good([]);
    expect(await refusal(ask())).toMatchObject({ errcode: 'M_BAD_STATUS', destination: other });
  });
});
