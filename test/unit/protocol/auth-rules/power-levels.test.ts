import type { JsonObject } from '#kernel/json';
import { assertIntegerPowerLevels, creatorsOf, powerLevels, redactionTakesEffect } from '#protocol/auth-rules/index';
import type { Pdu } from '#protocol/events/index';
import fc from 'fast-check';
import { ALICE, BOB, CAROL, TestRoom, versions } from './test-room';

/** Everybody is in; Carol has 50 and Bob nothing. */
function roomWith(id: string, power?: JsonObject, createContent: JsonObject = {}): TestRoom {
  const room = new TestRoom(id, createContent, { [ALICE]: 'join', [BOB]: 'join', [CAROL]: 'join' });
  if (power !== undefined) room.set('m.room.power_levels', power);
  return room;
}

const levelsOf = (id: string, content?: JsonObject, createContent: JsonObject = {}) => {
  const room = new TestRoom(id, createContent);
  return powerLevels(room.version, room.create, content && ({ content } as unknown as Pdu));
};

describe.each(versions(1))('power levels, in version %s', (id) => {
  it('without an event give the creator power, nobody else any, and guard the state (row 4)', () => {
    const levels = levelsOf(id);
    expect(levels.userLevel(ALICE)).toBe(id === '12' ? Infinity : 100);
    expect(levels.userLevel(BOB)).toBe(0);
    expect(levels.requiredForEvent('m.room.name', true)).toBe(50);
    expect(levels.requiredForEvent('m.room.message', false)).toBe(0);
    expect([levels.ban, levels.kick, levels.redact, levels.invite, levels.notification('room')]).toEqual([
      50, 50, 50, 0, 50,
    ]);
    const room = roomWith(id);
    expect(room.send(BOB, 'm.room.name', { name: 'x' }, '')).toMatch('permission to send m.room.name');
    expect(room.send(BOB, 'm.room.power_levels', { users: { [BOB]: 100 } }, '')).toMatch('permission');
    expect(room.send(ALICE, 'm.room.name', { name: 'x' }, '')).toBe('allowed');
    expect(room.send(BOB, 'm.room.message', {})).toBe('allowed');
  });

  it('without state_default guard the state just the same', () => {
    const levels = levelsOf(id, {});
    expect(levels.requiredForEvent('m.room.name', true)).toBe(50);
    expect(levels.requiredForEvent('m.room.message', false)).toBe(0);
    expect(levels.userLevel(ALICE)).toBe(id === '12' ? Infinity : 0);
  });

  it('see only what is really there, not what every object inherits', () => {
    const levels = levelsOf(id, { users: {}, events: {}, events_default: 7, notifications: {} });
    expect(levels.requiredForEvent('constructor', false)).toBe(7);
    expect(levels.requiredForEvent('__proto__', false)).toBe(7);
    expect(levels.userLevel('toString')).toBe(0);
    expect(levels.notification('valueOf')).toBe(50);
    expect(levelsOf(id, JSON.parse('{"__proto__":{"ban":0}}') as JsonObject).ban).toBe(50);
  });

  it('are read as the version writes numbers', () => {
    const read = (ban: unknown) => levelsOf(id, { ban } as JsonObject).ban;
    const texts = Number(id) <= 9;
    const floats = Number(id) <= 5;
    expect(read(75)).toBe(75);
    expect(read('75')).toBe(texts ? 75 : 50);
    expect(read(' +00075 ')).toBe(texts ? 75 : 50);
    expect(read('-75')).toBe(texts ? -75 : 50);
    expect(read('7.5')).toBe(50);
    expect(read('0x10')).toBe(50);
    expect(read('')).toBe(50);
    expect(read(75.9)).toBe(floats ? 75 : 50);
    expect(read(-75.9)).toBe(floats ? -75 : 50);
    expect(read(null)).toBe(50);
    expect(read(true)).toBe(50);
    expect(read([75])).toBe(50);
  });
});

describe.each(versions(1))('sending, in version %s', (id) => {
  const power = {
    users: { [CAROL]: 50 },
    events: { 'm.room.topic': 0, 'org.loud': 60 },
    events_default: 10,
    state_default: 50,
  };

  it('needs membership', () => {
    expect(roomWith(id, power).send('@stranger:x.org', 'm.room.topic', {}, '')).toMatch('not in this room');
  });

  it('needs the level of the type, or the default of its sort', () => {
    const room = roomWith(id, power);
    expect(room.send(BOB, 'm.room.topic', {}, '')).toBe('allowed');
    expect(room.send(BOB, 'm.room.message')).toMatch('permission to send m.room.message');
    expect(room.send(CAROL, 'm.room.message')).toBe('allowed');
    expect(room.send(CAROL, 'org.loud')).toMatch('permission');
    expect(room.send(CAROL, 'm.room.name', {}, '')).toBe('allowed');
  });

  it('of state named like a user is for that user', () => {
    const room = roomWith(id, { ...power, events: { 'org.mine': 0 } });
    expect(room.send(BOB, 'org.mine', {}, BOB)).toBe('allowed');
    expect(room.send(BOB, 'org.mine', {}, CAROL)).toMatch('state of another user');
    expect(room.send(BOB, 'org.mine', {}, `${BOB}_suffix`)).toMatch('state of another user');
  });

  it('of third-party invites needs the invite level only', () => {
    const invite = (level: number) =>
      roomWith(id, { ...power, invite: level }).send(CAROL, 'm.room.third_party_invite', {}, 't');
    expect(invite(50)).toBe('allowed');
    expect(invite(51)).toMatch('permission to invite');
  });

  it('from another server is refused where the room does not federate', () => {
    const room = roomWith(id, undefined, { 'm.federate': false });
    expect(room.send(BOB, 'm.room.message')).toMatch('not open to other servers');
    expect(room.send(ALICE, 'm.room.message')).toBe('allowed');
    expect(roomWith(id, undefined, { 'm.federate': 'no' }).send(BOB, 'm.room.message')).toBe('allowed');
  });

  it('of aliases has a rule of its own up to version 5', () => {
    const room = roomWith(id, power);
    const old = Number(id) <= 5;
    expect(room.send('@x:b.org', 'm.room.aliases', {}, 'b.org')).toBe(old ? 'allowed' : 'You are not in this room');
    if (old) {
      expect(room.send(CAROL, 'm.room.aliases', {}, 'b.org')).toMatch('another server');
      expect(room.send(CAROL, 'm.room.aliases', {})).toMatch('state key');
    }
  });

  it('of redactions is judged by their target up to version 2 (row 10)', () => {
    const room = roomWith(id, { ...power, events_default: 0 });
    const redact = (sender: string, redacts: string) =>
      room.judge(room.event('m.room.redaction', sender, {}, { redacts, eventId: `$r:${sender.split(':')[1]}` }));
    const old = Number(id) <= 2;
    expect(redact(CAROL, '$x:a.org')).toBe('allowed');
    expect(redact(BOB, '$x:b.org')).toBe('allowed');
    expect(redact(BOB, '$x:a.org')).toBe(old ? 'You do not have permission to redact events of others' : 'allowed');
  });
});

describe.each(versions(1))('changing the power levels, in version %s', (id) => {
  const before = {
    users: { [CAROL]: 50, [BOB]: 50 },
    events: { 'org.high': 60, 'org.low': 10 },
    ban: 50,
    kick: 60,
    notifications: { room: 60, low: 10 },
  };
  const change = (content: JsonObject, sender = CAROL) =>
    roomWith(id, before).send(sender, 'm.room.power_levels', content, '');
  const allowed = { ...before };

  it('lets everything stay as it is', () => {
    expect(change(allowed)).toBe('allowed');
  });

  it.each<[string, JsonObject]>([
    ['raise a single level above oneself', { ...before, ban: 51 }],
    ['lower a single level that is above oneself', { ...before, kick: 0 }],
    ['remove a single level that is above oneself', { ...before, kick: undefined as unknown as number }],
    ['add a single level above oneself', { ...before, redact: 99 }],
    ['raise the level of an event type above oneself', { ...before, events: { ...before.events, 'org.low': 51 } }],
    [
      'lower the level of an event type that is above oneself',
      { ...before, events: { ...before.events, 'org.high': 0 } },
    ],
    ['remove an event type that is above oneself', { ...before, events: { 'org.low': 10 } }],
    ['promote oneself', { ...before, users: { ...before.users, [CAROL]: 51 } }],
    ['promote others above oneself', { ...before, users: { ...before.users, '@new:x.org': 51 } }],
    ['demote an equal', { ...before, users: { [CAROL]: 50, [BOB]: 10 } }],
    ['remove an equal', { ...before, users: { [CAROL]: 50 } }],
  ])('does not let one %s', (_what, content) => {
    const clean = JSON.parse(JSON.stringify(content)) as JsonObject;
    expect(change(clean)).toMatch(/level/);
  });

  it.each<[string, JsonObject]>([
    ['demote oneself', { ...before, users: { [CAROL]: 10, [BOB]: 50 } }],
    ['promote others up to oneself', { ...before, users: { ...before.users, '@new:x.org': 50 } }],
    ['move levels below oneself', { ...before, ban: 20, events: { 'org.high': 60, 'org.low': 50, 'org.new': 0 } }],
  ])('lets one %s', (_what, content) => {
    expect(change(content)).toBe('allowed');
  });

  it('guards the levels of notifications from version 6 on', () => {
    const old = Number(id) < 6;
    expect(change({ ...before, notifications: { room: 0, low: 10 } }) === 'allowed').toBe(old);
    expect(change({ ...before, notifications: { room: 60, low: 99 } }) === 'allowed').toBe(old);
    expect(change({ ...before, notifications: { room: 60, low: 50 } })).toBe('allowed');
  });

  it.each<[string, JsonObject]>([
    ['a list of users', { users: [] }],
    ['a key that is no user ID', { users: { bob: 1 } }],
    ['a level that is an object', { users: { [BOB]: {} } }],
    ['a level that is null', { users: { [BOB]: null } }],
    ['a level that is a word', { users: { [BOB]: 'many' } }],
  ])('refuses %s, with or without earlier levels', (_what, content) => {
    expect(change(content)).toMatch('users must');
    const fresh = roomWith(id);
    expect(fresh.send(ALICE, 'm.room.power_levels', content, '')).toMatch('users must');
  });

  it('refuses anything but integers from version 10 on', () => {
    const strict = Number(id) >= 10;
    const contents: JsonObject[] = [
      { ban: '50' },
      { events: { x: '1' } },
      { notifications: { x: '1' } },
      { events: 'x' },
      { invite: 1.5 },
    ];
    for (const content of contents) {
      const fresh = roomWith(id);
      const judged = fresh.send(ALICE, 'm.room.power_levels', content, '');
      if (strict) expect(judged).toMatch(/must/);
      else expect(judged).toBe('allowed');
    }
  });

  it('is free when there were none', () => {
    expect(roomWith(id).send(ALICE, 'm.room.power_levels', { users: { [BOB]: 1_000_000 }, ban: 2_000_000 }, '')).toBe(
      'allowed',
    );
  });
});

describe('no change of power levels', () => {
  const level = fc.integer({ min: 0, max: 100 });
  const users = fc.dictionary(fc.constantFrom(BOB, CAROL, '@dan:d.org'), level);
  const content = fc.record(
    {
      users,
      ban: level,
      kick: level,
      invite: level,
      redact: level,
      state_default: level,
      events_default: level,
      users_default: level,
    },
    { requiredKeys: ['users'] },
  );

  it('lets anybody but the sender reach or lose a level above the sender’s own', () => {
    fc.assert(
      fc.property(content, content, fc.constantFrom(...versions(1, 11)), (old, next, id) => {
        const room = roomWith(id, { ...old, state_default: 0 });
        if (room.send(CAROL, 'm.room.power_levels', { ...next, state_default: 0 }, '') !== 'allowed') return;
        const before = levelsOf(id, old);
        const after = levelsOf(id, next);
        const own = before.userLevel(CAROL);
        for (const user of [BOB, CAROL, '@dan:d.org', '@nobody:x.org']) {
          expect(after.userLevel(user)).toBeLessThanOrEqual(Math.max(own, before.userLevel(user)));
          if (before.userLevel(user) > own) expect(after.userLevel(user)).toBe(before.userLevel(user));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('creators of version 12', () => {
  const additional = { additional_creators: [BOB] };

  it('are the sender of the create event and those it names', () => {
    const room = new TestRoom('12', additional);
    expect(creatorsOf(room.version, room.create)).toEqual([ALICE, BOB]);
    expect(levelsOf('12', { users: { [CAROL]: 9_007_199_254_740_991 } }, additional).userLevel(BOB)).toBe(Infinity);
  });

  it('are no privilege in version 11', () => {
    expect(levelsOf('11', { users: {} }, additional).userLevel(BOB)).toBe(0);
  });

  it('must not be among the users of the power levels', () => {
    const room = roomWith('12', undefined, additional);
    for (const creator of [ALICE, BOB]) {
      expect(room.send(ALICE, 'm.room.power_levels', { users: { [creator]: 100 } }, '')).toMatch('Creators');
    }
    expect(room.send(BOB, 'm.room.power_levels', { users: { [CAROL]: 100 } }, '')).toBe('allowed');
  });

  it('cannot be kicked, banned or demoted, not even by each other', () => {
    const room = roomWith('12', { users: { [CAROL]: 9_007_199_254_740_991 } }, additional);
    for (const sender of [ALICE, CAROL]) {
      expect(room.change(sender, BOB, 'leave')).toMatch('as much power');
      expect(room.change(sender, BOB, 'ban')).toMatch('as much power');
    }
    expect(room.change(BOB, CAROL, 'ban')).toBe('allowed');
  });
});

describe('power levels that our own users send', () => {
  it.each<[string, JsonObject]>([
    ['ban', { ban: '50' }],
    ['users_default', { users_default: 0.5 }],
    ['kick', { kick: null }],
    [`users.${BOB}`, { users: { [BOB]: '100' } }],
    ['events.m.room.topic', { events: { 'm.room.topic': 2 ** 53 } }],
    ['notifications.room', { notifications: { room: true } }],
    ['users', { users: [] }],
  ])('must be integers: %s', (place, content) => {
    expect(() => assertIntegerPowerLevels(content)).toThrow(place);
  });

  it('may be negative, and may be left out', () => {
    expect(() => assertIntegerPowerLevels({ ban: -1, users: { [BOB]: 0 }, events: {} })).not.toThrow();
    expect(() => assertIntegerPowerLevels({})).not.toThrow();
  });
});

describe('a redaction takes effect', () => {
  const by = (sender: string, type = 'm.room.message') => ({ sender, type, content: {} }) as unknown as Pdu;

  it.each(versions(3))('by power or on events of the same server, in version %s', (id) => {
    const room = new TestRoom(id);
    const levels = levelsOf(id, { users: { [CAROL]: 50 } });
    const acts = (sender: string, target: Pdu) => redactionTakesEffect(room.version, by(sender), target, levels);
    expect(acts(CAROL, by(BOB))).toBe(true);
    expect(acts(BOB, by('@other:b.org'))).toBe(true);
    expect(acts(BOB, by(CAROL))).toBe(false);
  });

  it.each(versions(1))('never on the create event, in version %s (row 9)', (id) => {
    const room = new TestRoom(id);
    expect(redactionTakesEffect(room.version, by(ALICE), room.create, levelsOf(id))).toBe(false);
  });
});
