import { besideSynapse } from './beside-synapse';
import {
  at,
  eventually,
  joinRoom,
  makeRoom,
  membershipOf,
  messagesOf,
  register,
  registerOnSynapse,
  say,
  setState,
  stateOf,
  tryJoin,
  untilAgreed,
  untilMember,
  type Person,
} from './people';

/** The first with the second resolution, the newest before the third, and that. */
const VERSIONS = ['3', '10', '12'];

const beside = besideSynapse();
let carol: Person;
let dora: Person;
const rooms = new Map<string, string>();

const levelsOf = (person: Person, roomId: string) => stateOf(person, roomId, 'm.room.power_levels');

/** Two servers that both change a room while neither hears the other. */
const CONFLICTS = {
  'other keys of the state': {
    onTrellis: ({ alice }, roomId) => setState(alice, roomId, 'm.room.name', { name: 'of Trellis' }),
    onSynapse: ({ bob }, roomId) => setState(bob, roomId, 'm.room.topic', { topic: 'of Synapse' }),
    after: async ({ alice }, roomId) => {
      expect(await stateOf(alice, roomId, 'm.room.name')).toMatchObject({ name: 'of Trellis' });
      expect(await stateOf(alice, roomId, 'm.room.topic')).toMatchObject({ topic: 'of Synapse' });
    },
  },
  'the same key of the state': {
    onTrellis: ({ alice }, roomId) => setState(alice, roomId, 'm.room.topic', { topic: 'of Trellis' }),
    onSynapse: ({ bob }, roomId) => setState(bob, roomId, 'm.room.topic', { topic: 'of Synapse' }),
    // Of two with the same right the later wins.
    after: async ({ alice }, roomId) =>
      expect(await stateOf(alice, roomId, 'm.room.topic')).toMatchObject({ topic: 'of Synapse' }),
  },
  'the power levels': {
    onTrellis: async ({ alice }, roomId) =>
      setState(alice, roomId, 'm.room.power_levels', { ...(await levelsOf(alice, roomId)), redact: 60 }),
    onSynapse: async ({ bob }, roomId) =>
      setState(bob, roomId, 'm.room.power_levels', { ...(await levelsOf(bob, roomId)), redact: 70 }),
    after: async ({ alice }, roomId) => expect([60, 70]).toContain((await levelsOf(alice, roomId))['redact']),
  },
  'what somebody may, and what they do': {
    onTrellis: async ({ alice }, roomId) => {
      const levels = await levelsOf(alice, roomId);
      const users = { ...(levels['users'] as object), [carol.userId]: 0 };
      await setState(alice, roomId, 'm.room.power_levels', { ...levels, users });
    },
    onSynapse: (_both, roomId) => setState(carol, roomId, 'm.room.topic', { topic: 'of the demoted' }),
    after: async ({ alice }, roomId) =>
      expect(await stateOf(alice, roomId, 'm.room.topic')).not.toHaveProperty('topic'),
  },
  'a ban and a join': {
    onTrellis: async ({ alice }, roomId) =>
      expect(await alice.api('POST', at(roomId, 'ban'), { user_id: dora.userId })).toMatchObject({ status: 200 }),
    onSynapse: ({ synapse }, roomId) => joinRoom(dora, roomId, synapse.serverName),
    after: async ({ alice, bob }, roomId) => {
      for (const reader of [alice, bob]) expect(await membershipOf(reader, roomId, dora)).toBe('ban');
    },
  },
  'a closed door and a join': {
    onTrellis: ({ alice }, roomId) => setState(alice, roomId, 'm.room.join_rules', { join_rule: 'invite' }),
    onSynapse: ({ synapse }, roomId) => joinRoom(dora, roomId, synapse.serverName),
    after: async ({ alice, bob }, roomId) => {
      for (const reader of [alice, bob]) expect(await membershipOf(reader, roomId, dora)).not.toBe('join');
    },
  },
} satisfies Record<string, Conflict>;

interface Conflict {
  onTrellis(both: typeof beside, roomId: string): Promise<void>;
  onSynapse(both: typeof beside, roomId: string): Promise<void>;
  after(both: typeof beside, roomId: string): Promise<void>;
}

const CASES = VERSIONS.flatMap((version) =>
  Object.entries<Conflict>(CONFLICTS).map(([subject, conflict]) => ({ version, subject, conflict })),
);

/** A public room in which Alice and Bob may all, and Carol something. */
async function prepare(version: string): Promise<string> {
  const { alice, bob, trellis } = beside;
  const rule = { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'public' } };
  const preset = 'trusted_private_chat';
  const request = { room_version: version, preset, invite: [bob.userId], initial_state: [rule] };
  const roomId = await makeRoom(alice, request);
  await joinRoom(bob, roomId, trellis.serverName);
  await untilMember(alice, roomId, bob, 'join');
  // While Synapse still fetches the members it asks Trellis about further joins too.
  await joinRoom(carol, roomId, trellis.serverName);
  await untilMember(alice, roomId, carol, 'join');
  const levels = await levelsOf(alice, roomId);
  const users = { ...(levels['users'] as object), [carol.userId]: 50 };
  await setState(alice, roomId, 'm.room.power_levels', { ...levels, users });
  await untilAgreed(roomId, alice, bob);
  return roomId;
}

describe('Trellis and Synapse, each alone for a while,', () => {
  beforeAll(async () => {
    const { synapse, trellis } = beside;
    carol = await registerOnSynapse(synapse, 'carol');
    dora = await registerOnSynapse(synapse, 'dora');
    for (const { version, subject } of CASES) rooms.set(`${version} ${subject}`, await prepare(version));
    const roomOf = ({ version, subject }: (typeof CASES)[number]) => rooms.get(`${version} ${subject}`)!;

    await synapse.pause();
    for (const one of CASES) await one.conflict.onTrellis(beside, roomOf(one));
    await trellis.pause();
    await synapse.resume();
    for (const one of CASES) await one.conflict.onSynapse(beside, roomOf(one));
    await trellis.restart();
    for (const one of CASES) {
      await say(beside.alice, roomOf(one), 'here again');
      await say(beside.bob, roomOf(one), 'so am I');
    }
  }, 300_000);

  it.each(CASES)('agree about $subject in version $version', async ({ version, subject, conflict }) => {
    const roomId = rooms.get(`${version} ${subject}`)!;
    const both = expect.arrayContaining(['here again', 'so am I']);
    for (const person of [beside.alice, beside.bob]) {
      await eventually(async () => expect(await messagesOf(person, roomId)).toEqual(both), 60);
    }
    await untilAgreed(roomId, beside.alice, beside.bob);
    await conflict.after(beside, roomId);
  });
});

it('Synapse catches up after it was down, with what was said and set', async () => {
  const { alice, bob, trellis, synapse } = beside;
  const roomId = await makeRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId, trellis.serverName);
  await say(bob, roomId, 'both up');
  await eventually(async () => expect(await messagesOf(alice, roomId)).toContain('both up'));
  await synapse.pause();
  for (let i = 0; i < 5; i++) await say(alice, roomId, `missed ${i}`);
  await setState(alice, roomId, 'm.room.topic', { topic: 'set meanwhile' });
  await synapse.resume();
  await say(bob, roomId, 'back');
  const missed = expect.arrayContaining(['missed 0', 'missed 4']);
  await eventually(async () => expect(await messagesOf(bob, roomId)).toEqual(missed), 60);
  await eventually(async () => expect(await messagesOf(alice, roomId)).toContain('back'), 60);
  await untilAgreed(roomId, alice, bob);
});

it('Trellis catches up after it was down, with what was said and set', async () => {
  const { alice, bob, trellis } = beside;
  const roomId = await makeRoom(bob, { preset: 'public_chat' });
  await joinRoom(alice, roomId, beside.synapse.serverName);
  await say(alice, roomId, 'both up');
  await eventually(async () => expect(await messagesOf(bob, roomId)).toContain('both up'));
  await trellis.pause();
  for (let i = 0; i < 5; i++) await say(bob, roomId, `missed ${i}`);
  await setState(bob, roomId, 'm.room.topic', { topic: 'set meanwhile' });
  await trellis.restart();
  // Synapse leaves a server alone that was down, until it hears of it.
  await say(alice, roomId, 'back');
  const missed = expect.arrayContaining(['missed 0', 'missed 4']);
  await eventually(async () => expect(await messagesOf(alice, roomId)).toEqual(missed), 60);
  await untilAgreed(roomId, alice, bob);
});

it('two Trellis and a Synapse share a room, and let into a restricted one by way of whoever is in it', async () => {
  const { alice, bob, federation, synapse, trellis } = beside;
  const second = await federation.start();
  const zoe = await register(second, 'zoe');
  const club = await makeRoom(bob, { preset: 'public_chat', room_version: '10' });
  await joinRoom(alice, club, synapse.serverName);
  // Not by its maker's server.
  await joinRoom(zoe, club, trellis.serverName);
  const all = [alice, bob, zoe];
  for (const speaker of all) await say(speaker, club, `from ${speaker.userId}`);
  const texts = expect.arrayContaining(all.map(({ userId }) => `from ${userId}`));
  for (const reader of all) await eventually(async () => expect(await messagesOf(reader, club)).toEqual(texts), 30);
  await untilAgreed(club, alice, bob, zoe);

  const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: club }] };
  const rule = { type: 'm.room.join_rules', state_key: '', content };
  // Its id names no server: only the one that is named is asked.
  const roomId = await makeRoom(bob, { preset: 'private_chat', room_version: '12', initial_state: [rule] });
  await joinRoom(alice, roomId, synapse.serverName);
  // A server that still fetches a room's members lets nobody in.
  await eventually(async () => expect((await tryJoin(zoe, roomId, trellis.serverName)).status).toBe(200));
  const member = await stateOf(zoe, roomId, 'm.room.member', zoe.userId);
  expect(member).toMatchObject({ membership: 'join', join_authorised_via_users_server: alice.userId });
  await untilMember(bob, roomId, zoe, 'join');
  await say(zoe, roomId, 'hello all');
  await eventually(async () => expect(await messagesOf(bob, roomId)).toContain('hello all'));
  await untilAgreed(roomId, alice, bob, zoe);
});
