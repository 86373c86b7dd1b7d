import { encodeBase64 } from '#kernel/base64';
import type { JsonObject } from '#kernel/json';
import { SigningKey, signJson } from '#protocol/signing/index';
import { ALICE, BOB, CAROL, MALLORY, TestRoom, versions } from './test-room';

const POWER = { users: { [ALICE]: 100, [CAROL]: 50 }, ban: 50, kick: 50, invite: 10, redact: 50 };

/** Alice made the room and is in it; Carol is a moderator where asked for. */
function roomWith(
  id: string,
  joinRule?: string,
  members: Record<string, string> = {},
  power: JsonObject = POWER,
): TestRoom {
  const room = new TestRoom(id, {}, { [ALICE]: 'join', ...members });
  if (joinRule !== undefined) room.set('m.room.join_rules', { join_rule: joinRule });
  const users = { ...(power.users as JsonObject) };
  if (id === '12') delete users[ALICE];
  room.set('m.room.power_levels', { ...power, users });
  return room;
}

describe.each(versions(1))('joining, in version %s', (id) => {
  const room = (rule?: string, members?: Record<string, string>) => roomWith(id, rule, members);

  it('is open to all when the rule is public', () => {
    expect(room('public').change(BOB, BOB, 'join')).toBe('allowed');
  });

  it('needs an invite when the rule is invite, or when there is no rule', () => {
    for (const rule of ['invite', undefined]) {
      expect(room(rule).change(BOB, BOB, 'join')).toMatch('not invited');
      expect(room(rule, { [BOB]: 'invite' }).change(BOB, BOB, 'join')).toBe('allowed');
      expect(room(rule, { [BOB]: 'join' }).change(BOB, BOB, 'join')).toBe('allowed');
      expect(room(rule, { [BOB]: 'leave' }).change(BOB, BOB, 'join')).toMatch('not invited');
    }
  });

  it('is closed to the banned whatever the rule', () => {
    for (const rule of ['public', 'invite', 'knock', 'restricted']) {
      expect(room(rule, { [BOB]: 'ban' }).change(BOB, BOB, 'join')).toMatch('banned');
    }
  });

  it('is nothing one can do for others', () => {
    expect(room('public').change(ALICE, BOB, 'join')).toMatch('somebody else');
    expect(room('public').change(MALLORY, ALICE, 'join')).toMatch('somebody else');
  });

  it('is closed when the rule is private or unknown, to the invited too', () => {
    for (const rule of ['private', 'org.example.odd']) {
      expect(room(rule, { [BOB]: 'invite' }).change(BOB, BOB, 'join')).toMatch('nobody in');
    }
  });

  it('knows the rules knock, restricted and knock_restricted from their versions on', () => {
    const invited = (rule: string) => room(rule, { [BOB]: 'invite' }).change(BOB, BOB, 'join') === 'allowed';
    expect(invited('knock')).toBe(Number(id) >= 7);
    expect(invited('restricted')).toBe(Number(id) >= 8);
    expect(invited('knock_restricted')).toBe(Number(id) >= 10);
  });

  it('is open to the creator as the second event of the room, to nobody else', () => {
    const fresh = new TestRoom(id, {}, {});
    const join = (user: string, prevEvents: string[]) =>
      fresh.judge(fresh.event('m.room.member', user, { membership: 'join' }, { stateKey: user, prevEvents }));
    expect(join(ALICE, [fresh.createId])).toBe('allowed');
    expect(join(ALICE, [fresh.createId, '$other'])).toMatch('not invited');
    expect(join(ALICE, ['$other'])).toMatch('not invited');
    expect(join(BOB, [fresh.createId])).toMatch('not invited');
  });
});

describe.each(versions(8))('a restricted join, in version %s', (id) => {
  const rules = Number(id) >= 10 ? ['restricted', 'knock_restricted'] : ['restricted'];
  const via = (user: unknown) => ({ join_authorised_via_users_server: user }) as JsonObject;
  const attempt = (rule: string, content: JsonObject, members: Record<string, string> = {}) =>
    roomWith(id, rule, members).change(BOB, BOB, 'join', content);

  it.each(rules)('by the rule %s needs a joined user who may invite', (rule) => {
    expect(attempt(rule, via(ALICE))).toBe('allowed');
    expect(attempt(rule, via(CAROL), { [CAROL]: 'join' })).toBe('allowed');
    expect(attempt(rule, via(CAROL))).toMatch('not in the room');
    expect(attempt(rule, via(CAROL), { [CAROL]: 'invite' })).toMatch('not in the room');
    expect(attempt(rule, via(MALLORY), { [MALLORY]: 'join' })).toMatch('may not invite');
    expect(attempt(rule, {})).toMatch('neither invited nor let in');
    expect(attempt(rule, via(17))).toMatch('neither invited nor let in');
  });
});

describe.each(versions(1))('inviting, in version %s', (id) => {
  it('needs membership and the invite level', () => {
    const room = roomWith(id, 'invite', { [CAROL]: 'join', [MALLORY]: 'join' });
    expect(room.change(CAROL, BOB, 'invite')).toBe('allowed');
    expect(room.change(MALLORY, BOB, 'invite')).toMatch('permission to invite');
    expect(roomWith(id, 'public').change(CAROL, BOB, 'invite')).toMatch('not in this room');
  });

  it('is no use for who is in or banned, and fine for who has left', () => {
    const invite = (membership: string) => roomWith(id, 'invite', { [BOB]: membership }).change(ALICE, BOB, 'invite');
    expect(invite('join')).toMatch('already in');
    expect(invite('ban')).toMatch('banned');
    expect(invite('leave')).toBe('allowed');
    expect(invite('invite')).toBe('allowed');
    expect(invite('knock')).toBe('allowed');
  });
});

describe.each(versions(1))('leaving and kicking, in version %s', (id) => {
  it('lets members and invitees go, and nobody else', () => {
    const leave = (membership?: string) =>
      roomWith(id, 'invite', membership ? { [BOB]: membership } : {}).change(BOB, BOB, 'leave');
    expect(leave('join')).toBe('allowed');
    expect(leave('invite')).toBe('allowed');
    expect(leave('knock') === 'allowed').toBe(Number(id) >= 7);
    expect(leave('ban')).toMatch('banned');
    expect(leave('leave')).toMatch('not in this room');
    expect(leave()).toMatch('not in this room');
  });

  it('lets those kick who have the level and more power than the kicked', () => {
    const room = roomWith(id, 'public', { [BOB]: 'join', [CAROL]: 'join', [MALLORY]: 'join' });
    expect(room.change(CAROL, BOB, 'leave')).toBe('allowed');
    expect(room.change(MALLORY, BOB, 'leave')).toMatch('permission to kick');
    expect(room.change(CAROL, ALICE, 'leave')).toMatch('as much power');
    const equals = roomWith(id, 'public', { [BOB]: 'join', [CAROL]: 'join' }, { users: { [BOB]: 50, [CAROL]: 50 } });
    expect(equals.change(CAROL, BOB, 'leave')).toMatch('as much power');
    expect(roomWith(id, 'public', { [BOB]: 'join' }).change(CAROL, BOB, 'leave')).toMatch('not in this room');
  });

  it('asks for the ban level as well to lift a ban', () => {
    const room = roomWith(id, 'public', { [BOB]: 'ban', [CAROL]: 'join' }, { ...POWER, ban: 75 });
    expect(room.change(CAROL, BOB, 'leave')).toMatch('permission to unban');
    expect(room.change(ALICE, BOB, 'leave')).toBe('allowed');
  });

  it('lets those ban who have the level and more power than the banned', () => {
    const room = roomWith(id, 'public', { [BOB]: 'join', [CAROL]: 'join', [MALLORY]: 'join' });
    expect(room.change(CAROL, BOB, 'ban')).toBe('allowed');
    expect(room.change(CAROL, '@never:seen.org', 'ban')).toBe('allowed');
    expect(room.change(MALLORY, BOB, 'ban')).toMatch('permission to ban');
    expect(room.change(CAROL, ALICE, 'ban')).toMatch('as much power');
  });
});

describe('knocking', () => {
  it.each(versions(1, 6))('does not exist in version %s', (id) => {
    expect(roomWith(id, 'knock').change(BOB, BOB, 'knock')).toMatch('no knocking');
  });

  it.each(versions(7))('is for those outside, in version %s', (id) => {
    const knock = (membership?: string) =>
      roomWith(id, 'knock', membership ? { [BOB]: membership } : {}).change(BOB, BOB, 'knock');
    expect(knock()).toBe('allowed');
    expect(knock('leave')).toBe('allowed');
    expect(knock('knock')).toBe('allowed');
    expect(knock('ban')).toMatch('banned');
    expect(knock('invite')).toMatch('already invited');
    expect(knock('join')).toMatch('already in');
    expect(roomWith(id, 'knock').change(ALICE, BOB, 'knock')).toMatch('somebody else');
  });

  it.each(versions(7))('needs a join rule that knows it, in version %s', (id) => {
    for (const rule of ['public', 'invite', 'restricted']) {
      expect(roomWith(id, rule).change(BOB, BOB, 'knock')).toMatch('does not accept knocks');
    }
    expect(roomWith(id, 'knock_restricted').change(BOB, BOB, 'knock') === 'allowed').toBe(Number(id) >= 10);
  });
});

describe.each(versions(1))('an invite by third party, in version %s', (id) => {
  const identity = SigningKey.fromSeed('ed25519:0', Buffer.alloc(32, 5));
  const other = SigningKey.fromSeed('ed25519:0', Buffer.alloc(32, 6));
  const signed = (changes: JsonObject = {}, key = identity) =>
    signJson({ mxid: BOB, token: 'tok', ...changes }, 'id.org', key);
  const attempt = (
    invite: unknown,
    offer: JsonObject = { public_key: identity.publicKey },
    members: Record<string, string> = {},
    sender = ALICE,
  ) => {
    const room = roomWith(id, 'invite', members);
    room.set('m.room.third_party_invite', offer, 'tok');
    return room.change(sender, BOB, 'invite', { third_party_invite: invite } as JsonObject);
  };

  it('is redeemed by the signature of a key that the offer names, old way or new', () => {
    expect(attempt({ signed: signed() })).toBe('allowed');
    expect(
      attempt(
        { signed: signed() },
        { public_keys: [{ public_key: other.publicKey }, { public_key: identity.publicKey }] },
      ),
    ).toBe('allowed');
    const urlSafe = identity.publicKey.replace(/\+/g, '-').replace(/\//g, '_');
    expect(attempt({ signed: signed() }, { public_key: urlSafe })).toBe('allowed');
  });

  it('is refused for any other signature', () => {
    expect(attempt({ signed: signed({}, other) })).toMatch('not validly signed');
    expect(attempt({ signed: { ...signed(), extra: 1 } })).toMatch('not validly signed');
    expect(attempt({ signed: { mxid: BOB, token: 'tok' } })).toMatch('not validly signed');
    expect(attempt({ signed: signed() }, { public_key: 'nonsense', public_keys: 'x' })).toMatch('not validly signed');
  });

  it('is refused when malformed, for another user, another offer or another inviter', () => {
    expect(attempt({})).toMatch('not signed');
    expect(attempt('x')).toMatch('must be an object');
    expect(attempt({ signed: { mxid: BOB } })).toMatch('lacks mxid or token');
    expect(attempt({ signed: signed({ mxid: CAROL }) })).toMatch('somebody else');
    expect(attempt({ signed: signed({ token: 'unknown' }) })).toMatch('no such third-party invite');
    expect(attempt({ signed: signed() }, undefined, { [CAROL]: 'join' }, CAROL)).toMatch('made by somebody else');
    expect(attempt({ signed: signed() }, undefined, { [BOB]: 'ban' })).toMatch('banned');
  });

  it('does not try endless signatures against endless keys', () => {
    const signatures = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`ed25519:${i}`, encodeBase64(Buffer.alloc(64, i))]),
    );
    const keys = Array.from({ length: 300 }, (_, i) => ({
      public_key: SigningKey.fromSeed('ed25519:0', Buffer.alloc(32, i % 7)).publicKey,
    }));
    const invite = { signed: { mxid: BOB, token: 'tok', signatures: { 'id.org': signatures } } };
    expect(attempt(invite, { public_keys: keys })).toMatch('not validly signed');
  });
});

describe('a member event', () => {
  it.each(versions(1))('needs a state key and a known membership, in version %s', (id) => {
    const room = roomWith(id, 'public');
    expect(room.send(BOB, 'm.room.member', { membership: 'join' })).toMatch('state key');
    expect(room.send(BOB, 'm.room.member', {}, BOB)).toMatch('needs a membership');
    expect(room.send(BOB, 'm.room.member', { membership: 7 }, BOB)).toMatch('needs a membership');
    expect(room.send(BOB, 'm.room.member', { membership: 'JOIN' }, BOB)).toMatch('Unknown membership');
    const inherited = JSON.parse('{"__proto__":{"membership":"join"}}') as JsonObject;
    expect(room.send(BOB, 'm.room.member', inherited, BOB)).toMatch('needs a membership');
  });
});
