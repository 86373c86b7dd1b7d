import type { JsonObject } from '#kernel/json';
import { authTypesFor, checkAuthEvents, type AuthEvent } from '#protocol/auth-rules/index';
import { eventIdOf, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { ALICE, BOB, CAROL, TestRoom, versions } from './test-room';

const select = (id: string, type: string, sender: string, content: JsonObject = {}, stateKey?: string) =>
  authTypesFor(roomVersion(id), { type, sender, content, state_key: stateKey })
    .filter(([name]) => name !== 'm.room.create')
    .map(([name, key]) => `${name}|${key}`);

describe('the selection of auth events', () => {
  it('includes the create event up to version 11, and never for itself', () => {
    for (const id of versions(1)) {
      const types = authTypesFor(roomVersion(id), { type: 'm.room.message', sender: ALICE, content: {} }).map(
        ([type]) => type,
      );
      expect(types.includes('m.room.create')).toBe(id !== '12');
      expect(
        authTypesFor(roomVersion(id), { type: 'm.room.create', sender: ALICE, content: {}, state_key: '' }),
      ).toEqual([]);
    }
  });

  it('is power levels and the sender for ordinary events', () => {
    expect(select('11', 'm.room.topic', ALICE, {}, '')).toEqual(['m.room.power_levels|', `m.room.member|${ALICE}`]);
  });

  it.each<[string, boolean]>([
    ['join', true],
    ['invite', true],
    ['knock', true],
    ['leave', false],
    ['ban', false],
  ])('for membership %s has the target, and the join rules: %s', (membership, rules) => {
    const selected = select('11', 'm.room.member', ALICE, { membership }, BOB);
    expect(selected).toContain(`m.room.member|${BOB}`);
    expect(selected.includes('m.room.join_rules|')).toBe(rules);
  });

  it('has the token of a third-party invite, for invites', () => {
    const content = { membership: 'invite', third_party_invite: { signed: { token: 'tok' } } };
    expect(select('1', 'm.room.member', ALICE, content, BOB)).toContain('m.room.third_party_invite|tok');
    expect(select('1', 'm.room.member', ALICE, { ...content, membership: 'join' }, BOB)).not.toContain(
      'm.room.third_party_invite|tok',
    );
  });

  it('has the authorising user of a restricted join, where those exist', () => {
    const content = { membership: 'join', join_authorised_via_users_server: CAROL };
    for (const id of versions(1)) {
      expect(select(id, 'm.room.member', BOB, content, BOB).includes(`m.room.member|${CAROL}`)).toBe(Number(id) >= 8);
    }
  });

  it('never names an entry twice', () => {
    const content = { membership: 'join', join_authorised_via_users_server: BOB };
    const selected = select('11', 'm.room.member', BOB, content, BOB);
    expect(new Set(selected).size).toBe(selected.length);
  });
});

describe.each(versions(1))('the auth events of an event, in version %s', (id) => {
  const room = new TestRoom(id);
  const asAuth = (pdu: Pdu, changes: Partial<AuthEvent> = {}): AuthEvent => ({
    pdu,
    eventId: eventIdOf(room.version, pdu),
    rejected: false,
    ...changes,
  });
  const create = asAuth(room.create);
  const base = id === '12' ? [] : [create];
  const alice = room.event('m.room.member', ALICE, { membership: 'join' }, { stateKey: ALICE });
  const power = room.event('m.room.power_levels', ALICE, {}, { stateKey: '' });
  const message = room.event('m.room.message', ALICE, {});
  const judge = (
    authEvents: AuthEvent[],
    event: Pdu = message,
    createEvent: AuthEvent | undefined = create,
  ): string => {
    try {
      checkAuthEvents(room.version, event, authEvents, createEvent);
      return 'allowed';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('are those of the selection', () => {
    expect(judge([...base, asAuth(alice), asAuth(power)])).toBe('allowed');
    expect(judge([...base, asAuth(alice)])).toBe('allowed');
  });

  it('hold no entry twice', () => {
    const again = room.event('m.room.member', ALICE, { membership: 'join' }, { stateKey: ALICE });
    expect(judge([...base, asAuth(alice), asAuth(again)])).toMatch('two of m.room.member');
  });

  it('hold nothing that is not needed', () => {
    const topic = room.event('m.room.topic', ALICE, {}, { stateKey: '' });
    const bob = room.event('m.room.member', BOB, { membership: 'join' }, { stateKey: BOB });
    for (const needless of [topic, bob, message]) expect(judge([...base, asAuth(needless)])).toMatch('needless');
  });

  it('hold nothing that was rejected (row 27)', () => {
    expect(judge([...base, asAuth(alice, { rejected: true })])).toMatch('rejected');
  });

  it('hold nothing of another room (row 13)', () => {
    const elsewhere = { ...alice, room_id: id === '12' ? `!${'x'.repeat(43)}` : '!other:a.org' } as Pdu;
    expect(judge([...base, asAuth(elsewhere)])).toMatch('another room');
  });

  it('hold the create event up to version 11 and never later', () => {
    expect(judge([asAuth(alice)]) === 'allowed').toBe(id === '12');
    expect(judge([create, asAuth(alice)]) === 'allowed').toBe(id !== '12');
  });

  if (id === '12') {
    it('come with a room id that names an accepted create event', () => {
      expect(judge([asAuth(alice)], message, asAuth(room.create, { rejected: true }))).toMatch('no accepted create');
      expect(judge([asAuth(alice)], message, asAuth(alice))).toMatch('no accepted create');
      const other = new TestRoom('12', { type: 'other' });
      expect(judge([asAuth(alice)], message, asAuth(other.create))).toMatch('another room');
    });
  }

  it('let a restricted join pass only with the signature of the server that authorised it', () => {
    const join = room.event(
      'm.room.member',
      BOB,
      { membership: 'join', join_authorised_via_users_server: CAROL },
      { stateKey: BOB },
    );
    const signed = (server: string) => ({ ...join, signatures: { [server]: { 'ed25519:1': 'x' } } }) as Pdu;
    const needed = Number(id) >= 8;
    expect(judge(base, signed('b.org')) === 'allowed').toBe(!needed);
    expect(judge(base, signed('c.org'))).toBe('allowed');
  });
});
