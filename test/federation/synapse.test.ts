import { besideSynapse, SIDES, type Pair } from './beside-synapse';
import {
  at,
  eventually,
  joinRoom,
  makeRoom,
  messagesOf,
  say,
  setState,
  stateOf,
  tryJoin,
  untilAgreed,
  untilInvited,
  untilMember,
  type Person,
} from './people';

/** All that Synapse makes. */
const VERSIONS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'];
const from = (first: number) => VERSIONS.filter((version) => Number(version) >= first);

const beside = besideSynapse();

async function hears(listener: Person, speaker: Person, roomId: string): Promise<string> {
  const text = `heard by ${listener.userId}`;
  const eventId = await say(speaker, roomId, text);
  await eventually(async () => expect(await messagesOf(listener, roomId)).toContain(text));
  return eventId;
}

async function redacts(author: Person, reader: Person, roomId: string, eventId: string): Promise<void> {
  const path = at(roomId, `redact/${encodeURIComponent(eventId)}/${encodeURIComponent(eventId)}`);
  expect(await author.api('PUT', path, { reason: 'a slip' })).toMatchObject({ status: 200 });
  await eventually(async () => {
    const { body } = await reader.api('GET', at(roomId, `event/${encodeURIComponent(eventId)}`));
    expect(body['content']).toEqual({});
    const because = { sender: author.userId, content: { reason: 'a slip' } };
    expect(body['unsigned']).toMatchObject({ redacted_because: because });
  });
}

async function empowers(host: Person, guest: Person, roomId: string): Promise<void> {
  const levels = await stateOf(host, roomId, 'm.room.power_levels');
  const users = { ...(levels['users'] as object), [guest.userId]: 50 };
  await setState(host, roomId, 'm.room.power_levels', { ...levels, users });
  await eventually(async () => expect(await stateOf(guest, roomId, 'm.room.power_levels')).toMatchObject({ users }));
}

async function sets(author: Person, reader: Person, roomId: string, topic: string): Promise<void> {
  await setState(author, roomId, 'm.room.topic', { topic });
  await eventually(async () => expect(await stateOf(reader, roomId, 'm.room.topic')).toMatchObject({ topic }));
}

const ruled = ({ host }: Pair, version: string, content: Record<string, string | object>) =>
  makeRoom(host, {
    room_version: version,
    preset: 'private_chat',
    initial_state: [{ type: 'm.room.join_rules', state_key: '', content }] as never,
  });

async function knocks({ host, guest, home }: Pair, roomId: string): Promise<void> {
  const via = encodeURIComponent(home);
  const knock = await guest.api('POST', `/knock/${encodeURIComponent(roomId)}?via=${via}&server_name=${via}`, {});
  expect(knock).toMatchObject({ status: 200 });
  await untilMember(host, roomId, guest, 'knock');
  expect(await host.api('POST', at(roomId, 'invite'), { user_id: guest.userId })).toMatchObject({ status: 200 });
  await untilInvited(guest, roomId);
  await joinRoom(guest, roomId, home);
  await untilMember(host, roomId, guest, 'join');
}

describe.each(VERSIONS)('a room of version %s', (version) => {
  it.each(SIDES)('made on %s is joined from the other side, and both talk, set state and redact', async (side) => {
    const { host, guest, home } = beside.pair(side);
    const roomId = await makeRoom(host, { room_version: version, preset: 'public_chat' });
    await joinRoom(guest, roomId, home);
    const [byHost, byGuest] = [await hears(guest, host, roomId), await hears(host, guest, roomId)];
    const another = await hears(host, guest, roomId);

    const refused = await guest.api('PUT', at(roomId, 'state/m.room.topic'), { topic: 'not mine to set' });
    expect(refused.status).toBe(403);
    await sets(host, guest, roomId, 'of the host');
    await empowers(host, guest, roomId);
    await sets(guest, host, roomId, 'of the guest');

    await redacts(host, guest, roomId, byHost);
    await redacts(guest, host, roomId, byGuest);
    await redacts(host, guest, roomId, another);
    await untilAgreed(roomId, host, guest);
  });
});

describe.each(SIDES)('a user of %s', (side) => {
  it.each(from(7))('lets one of the other server in who knocks, in version %s', async (version) => {
    const pair = beside.pair(side);
    await knocks(pair, await ruled(pair, version, { join_rule: 'knock' }));
  });

  it.each(from(8))('lets in who is in another room, in version %s', async (version) => {
    const pair = beside.pair(side);
    const { host, guest, home } = pair;
    const club = await makeRoom(host, { room_version: version, preset: 'public_chat' });
    const allow = [{ type: 'm.room_membership', room_id: club }];
    const roomId = await ruled(pair, version, { join_rule: 'restricted', allow });
    expect((await tryJoin(guest, roomId, home)).status).toBe(403);
    await joinRoom(guest, club, home);
    await untilMember(host, club, guest, 'join');
    await joinRoom(guest, roomId, home);
    await hears(host, guest, roomId);
    await untilAgreed(roomId, host, guest);
  });

  it.each(from(10))('lets in by membership and by knock alike, in version %s', async (version) => {
    const pair = beside.pair(side);
    const { host, guest, home } = pair;
    const club = await makeRoom(host, { room_version: version, preset: 'public_chat' });
    const allow = [{ type: 'm.room_membership', room_id: club }];
    await knocks(pair, await ruled(pair, version, { join_rule: 'knock_restricted', allow }));
    await joinRoom(guest, club, home);
    await untilMember(host, club, guest, 'join');
    await joinRoom(guest, await ruled(pair, version, { join_rule: 'knock_restricted', allow }), home);
  });
});
