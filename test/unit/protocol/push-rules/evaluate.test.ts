import type { JsonObject } from '#kernel/json';
import {
  compileRuleset,
  defaultRules,
  NO_PUSH_RULES,
  putRule,
  rulesetOf,
  setRuleActions,
  setRuleEnabled,
  type PushContext,
  type PushOutcome,
  type PushRuleKind,
  type StoredPushRules,
} from '#protocol/push-rules/index';

const ME = '@me:a.org';
const message = (content: JsonObject = { msgtype: 'm.text', body: 'hello' }, more: JsonObject = {}): JsonObject => ({
  type: 'm.room.message',
  sender: '@you:b.org',
  room_id: '!r:a.org',
  event_id: '$e',
  content,
  ...more,
});

function evaluate(
  event: JsonObject,
  stored: StoredPushRules = NO_PUSH_RULES,
  context: Partial<PushContext> = {},
): PushOutcome | undefined {
  return compileRuleset(rulesetOf(stored, ME)).evaluate(event, {
    userId: ME,
    displayName: 'Me Myself',
    memberCount: 5,
    senderLevel: 0,
    notificationLevel: () => 50,
    ...context,
  });
}

/** Whether one condition holds, tried as the only rule. */
function holds(condition: JsonObject, event: JsonObject, context: Partial<PushContext> = {}): boolean {
  const stored = putRule(NO_PUSH_RULES, 'override', 'probe', { conditions: [condition], actions: ['notify'] });
  return evaluate(event, stored, context)?.ruleId === 'probe';
}

describe('the default rules', () => {
  it('are the fifteen of the specification, in its order', () => {
    const rules = defaultRules(ME);
    expect(rules.override.map((rule) => rule.rule_id)).toEqual([
      '.m.rule.master',
      '.m.rule.suppress_notices',
      '.m.rule.invite_for_me',
      '.m.rule.member_event',
      '.m.rule.is_user_mention',
      '.m.rule.is_room_mention',
      '.m.rule.tombstone',
      '.m.rule.reaction',
      '.m.rule.room.server_acl',
      '.m.rule.suppress_edits',
    ]);
    expect(rules.underride.map((rule) => rule.rule_id)).toEqual([
      '.m.rule.call',
      '.m.rule.encrypted_room_one_to_one',
      '.m.rule.room_one_to_one',
      '.m.rule.message',
      '.m.rule.encrypted',
    ]);
    expect([rules.content, rules.room, rules.sender]).toEqual([[], [], []]);
  });

  const outcomes: [string, JsonObject, Partial<PushContext>, string | undefined, Partial<PushOutcome>][] = [
    ['a message in a group', message(), {}, '.m.rule.message', { notify: true, highlight: false, sound: undefined }],
    [
      'a message between two',
      message(),
      { memberCount: 2 },
      '.m.rule.room_one_to_one',
      { notify: true, sound: 'default' },
    ],
    ['a notice', message({ msgtype: 'm.notice', body: 'x' }), {}, '.m.rule.suppress_notices', { notify: false }],
    ['a call', message({}, { type: 'm.call.invite' }), {}, '.m.rule.call', { notify: true, sound: 'ring' }],
    ['an encrypted event', message({}, { type: 'm.room.encrypted' }), {}, '.m.rule.encrypted', { notify: true }],
    [
      'an encrypted event between two',
      message({}, { type: 'm.room.encrypted' }),
      { memberCount: 2 },
      '.m.rule.encrypted_room_one_to_one',
      { sound: 'default' },
    ],
    [
      'an invite for me',
      message({ membership: 'invite' }, { type: 'm.room.member', state_key: ME }),
      {},
      '.m.rule.invite_for_me',
      { notify: true, sound: 'default' },
    ],
    [
      'an invite for others',
      message({ membership: 'invite' }, { type: 'm.room.member', state_key: '@x:b.org' }),
      {},
      '.m.rule.member_event',
      { notify: false },
    ],
    [
      'a mention',
      message({ body: 'x', 'm.mentions': { user_ids: ['@x:b.org', ME] } }),
      {},
      '.m.rule.is_user_mention',
      { notify: true, highlight: true, sound: 'default' },
    ],
    [
      'a mention of the room by one who may',
      message({ body: 'x', 'm.mentions': { room: true } }),
      { senderLevel: 50 },
      '.m.rule.is_room_mention',
      { notify: true, highlight: true },
    ],
    [
      'a mention of the room by one who may not',
      message({ body: 'x', 'm.mentions': { room: true } }),
      { senderLevel: 49 },
      '.m.rule.message',
      { highlight: false },
    ],
    [
      'a name in the body that is no mention',
      message({ body: 'Me Myself, @me:a.org' }),
      {},
      '.m.rule.message',
      { highlight: false },
    ],
    [
      'a tombstone',
      message({}, { type: 'm.room.tombstone', state_key: '' }),
      {},
      '.m.rule.tombstone',
      { notify: true, highlight: true },
    ],
    ['a tombstone that is no state', message({}, { type: 'm.room.tombstone' }), {}, undefined, {}],
    ['a reaction', message({}, { type: 'm.reaction' }), {}, '.m.rule.reaction', { notify: false }],
    [
      'an ACL',
      message({}, { type: 'm.room.server_acl', state_key: '' }),
      {},
      '.m.rule.room.server_acl',
      { notify: false },
    ],
    [
      'an edit',
      message({ body: '* x', 'm.relates_to': { rel_type: 'm.replace' } }),
      {},
      '.m.rule.suppress_edits',
      { notify: false },
    ],
    ['a topic', message({ topic: 'x' }, { type: 'm.room.topic', state_key: '' }), {}, undefined, {}],
  ];

  it.each(outcomes)('judge %s', (_what, event, context, ruleId, expected) => {
    const outcome = evaluate(event, NO_PUSH_RULES, context);
    expect(outcome?.ruleId).toBe(ruleId);
    if (ruleId !== undefined) expect(outcome).toMatchObject(expected);
  });

  it('say nothing of what one sent oneself', () => {
    expect(evaluate(message(undefined, { sender: ME }))).toBeUndefined();
  });

  it('are all silenced by the master rule, mentions and own rules too', () => {
    let stored = putRule(NO_PUSH_RULES, 'override', 'mine', { conditions: [], actions: ['notify'] });
    stored = setRuleEnabled(stored, 'override', '.m.rule.master', true);
    expect(evaluate(message(), stored)).toMatchObject({ ruleId: '.m.rule.master', notify: false });
  });

  it('do what the user told them to do instead', () => {
    const stored = setRuleActions(NO_PUSH_RULES, 'underride', '.m.rule.message', [
      'notify',
      { set_tweak: 'sound', value: 'moo' },
    ]);
    expect(evaluate(message(), stored)).toMatchObject({ ruleId: '.m.rule.message', sound: 'moo' });
    const off = setRuleEnabled(NO_PUSH_RULES, 'underride', '.m.rule.message', false);
    expect(evaluate(message(), off)).toBeUndefined();
  });
});

describe('the order of rules', () => {
  const everywhere: [PushRuleKind, string, JsonObject][] = [
    ['override', 'o', { conditions: [] }],
    ['content', 'c', { pattern: 'hello' }],
    ['room', '!r:a.org', {}],
    ['sender', '@you:b.org', {}],
    ['underride', 'u', { conditions: [] }],
  ];

  it('is override, content, room, sender, underride', () => {
    const order: string[] = [];
    for (let skipped = 0; skipped < everywhere.length; skipped++) {
      const stored = everywhere
        .slice(skipped)
        .reduce((rules, [kind, id, body]) => putRule(rules, kind, id, { actions: [], ...body }), NO_PUSH_RULES);
      order.push(evaluate(message(), stored)?.ruleId ?? 'none');
    }
    expect(order).toEqual(['o', 'c', '!r:a.org', '@you:b.org', 'u']);
  });

  it('puts the user’s own before the server’s of the same kind', () => {
    const stored = putRule(NO_PUSH_RULES, 'override', 'loud', { conditions: [], actions: ['notify'] });
    expect(evaluate(message({ msgtype: 'm.notice', body: 'x' }), stored)?.ruleId).toBe('loud');
  });

  it('matches room and sender rules by their id alone', () => {
    const stored = putRule(NO_PUSH_RULES, 'room', '!other:a.org', { actions: [] });
    expect(evaluate(message(), stored)?.ruleId).toBe('.m.rule.message');
  });
});

describe('the condition', () => {
  it('event_match compares texts only, whole values, without letter case', () => {
    const match = (key: string, pattern: string, event = message()) =>
      holds({ kind: 'event_match', key, pattern }, event);
    expect(match('type', 'M.ROOM.*')).toBe(true);
    expect(match('type', 'room')).toBe(false);
    expect(match('content.body', 'ell')).toBe(false);
    expect(match('content.body', 'h?llo')).toBe(true);
    expect(match('content.missing', '*')).toBe(false);
    expect(match('content.n', '*', message({ n: 5 }))).toBe(false);
    expect(match('content.m\\.x', 'y', message({ 'm.x': 'y' }))).toBe(true);
    expect(match('state_key', '', message({}, { state_key: '' }))).toBe(true);
    expect(match('state_key', '')).toBe(false);
  });

  it('event_property_is compares simple values exactly', () => {
    const is = (value: unknown, wanted: unknown) =>
      holds(
        { kind: 'event_property_is', key: 'content.v', value: wanted } as JsonObject,
        message({ v: value } as JsonObject),
      );
    for (const value of ['a', 7, true, null]) expect(is(value, value)).toBe(true);
    for (const [value, wanted] of [
      ['true', true],
      [1, true],
      ['a', 'A'],
      [{}, {}],
      [[1], [1]],
      [1.5, 1.5],
    ]) {
      expect(is(value, wanted)).toBe(false);
    }
    expect(holds({ kind: 'event_property_is', key: 'content.v', value: null }, message({}))).toBe(false);
  });

  it('event_property_contains looks for exact members of arrays', () => {
    const contains = (value: unknown, wanted: unknown) =>
      holds(
        { kind: 'event_property_contains', key: 'content.v', value: wanted } as JsonObject,
        message({ v: value } as JsonObject),
      );
    expect(contains(['a', 'b'], 'b')).toBe(true);
    expect(contains([null], null)).toBe(true);
    for (const [value, wanted] of [
      [['ab'], 'b'],
      ['b', 'b'],
      [[['b']], 'b'],
      [{ b: 1 }, 'b'],
      [[1.5], 1.5],
    ]) {
      expect(contains(value, wanted)).toBe(false);
    }
  });

  it('room_member_count compares numbers', () => {
    const count = (is: unknown, memberCount: number) =>
      holds({ kind: 'room_member_count', is } as JsonObject, message(), { memberCount });
    expect([count('2', 2), count('==2', 2), count('>2', 3), count('<2', 1), count('>=2', 2), count('<=2', 2)]).toEqual(
      Array(6).fill(true),
    );
    expect([
      count('2', 3),
      count('>2', 2),
      count('<2', 2),
      count('two', 2),
      count(2, 2),
      count('=2', 2),
      count('', 0),
      count('2 ', 2),
    ]).toEqual(Array(8).fill(false));
  });

  it('sender_notification_permission asks for the level of its key', () => {
    const may = (senderLevel: number, key: unknown = 'room') =>
      holds({ kind: 'sender_notification_permission', key } as JsonObject, message(), {
        senderLevel,
        notificationLevel: (name) => (name === 'room' ? 20 : 50),
      });
    expect([may(20), may(19), may(50, 'other'), may(49, 'other'), may(100, 5)]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  it('contains_display_name looks for the name between words', () => {
    const named = (body: unknown, displayName?: string) =>
      holds({ kind: 'contains_display_name' }, message({ body } as JsonObject), { displayName });
    expect(named('hey me myself!', 'Me Myself')).toBe(true);
    expect(named('hey me myselfish', 'Me Myself')).toBe(false);
    expect(named('anything', '*')).toBe(false);
    expect(named('anything', '')).toBe(false);
    expect(named('anything', undefined)).toBe(false);
    expect(named(5, '5')).toBe(false);
  });

  it.each<JsonObject>([
    { kind: 'org.example.unknown' },
    { kind: 'device' },
    { kind: 'event_match', key: 'type' },
    { kind: 'event_match', pattern: '*' },
    { kind: 'event_match', key: 5, pattern: '*' },
    { kind: 'event_property_is', key: 'type' },
    { kind: 'constructor' },
  ])('%j never matches', (condition) => {
    expect(holds(condition, message())).toBe(false);
  });

  it('list must hold in whole', () => {
    const both = putRule(NO_PUSH_RULES, 'override', 'both', {
      conditions: [{ kind: 'event_match', key: 'type', pattern: '*' }, { kind: 'unknown' }],
      actions: [],
    });
    expect(evaluate(message(), both)?.ruleId).toBe('.m.rule.message');
  });
});

describe('actions', () => {
  const outcome = (actions: unknown[]) =>
    evaluate(message(), {
      own: {
        override: [{ rule_id: 'x', default: false, enabled: true, conditions: [], actions: actions as JsonObject[] }],
      },
      defaults: {},
    });

  it('of history are ignored', () => {
    expect(outcome(['dont_notify'])).toMatchObject({ notify: false, actions: [] });
    expect(outcome(['coalesce'])).toMatchObject({ notify: false, actions: [] });
    expect(outcome(['notify', 'dont_notify'])).toMatchObject({ notify: true, actions: ['notify'] });
  });

  it('may carry tweaks of any name, and highlight is true when it says nothing', () => {
    const tweaks = [
      { set_tweak: 'highlight' },
      { set_tweak: 'sound', value: 'x' },
      { set_tweak: 'org.flash', value: { n: 2 } },
    ];
    expect(outcome(['notify', ...tweaks])).toMatchObject({
      highlight: true,
      sound: 'x',
      tweaks: { 'org.flash': { n: 2 } },
    });
    expect(outcome([{ set_tweak: 'highlight', value: false }])).toMatchObject({ highlight: false });
    expect(outcome([{ set_tweak: 'highlight', value: 'yes' }])).toMatchObject({ highlight: false });
    expect(Object.getPrototypeOf(outcome([{ set_tweak: '__proto__', value: { highlight: true } }])?.tweaks)).toBe(
      Object.prototype,
    );
  });
});
