import { BadJsonError, InvalidParamError, NotFoundError, TooLargeError, UnknownError } from '#kernel/errors';
import type { JsonValue } from '#kernel/json';
import {
  deleteRule,
  MAX_OWN_RULES,
  MAX_PATTERNS,
  NO_PUSH_RULES,
  parsePushRuleKind,
  putRule,
  rulesetOf,
  setRuleActions,
  setRuleEnabled,
  type RulePlace,
  type StoredPushRules,
} from '#protocol/push-rules/index';

const content = (stored: StoredPushRules, id: string, place?: RulePlace, pattern = 'x') =>
  putRule(stored, 'content', id, { pattern, actions: ['notify'] }, place);
const order = (stored: StoredPushRules) =>
  rulesetOf(stored, '@me:a.org')
    .content.map((rule) => rule.rule_id)
    .join(' ');
const abc = ['c', 'b', 'a'].reduce((stored, id) => content(stored, id), NO_PUSH_RULES);

describe('adding a rule', () => {
  it('makes it the most important of its kind, enabled, and no default', () => {
    expect(order(abc)).toBe('a b c');
    expect(rulesetOf(abc, '@me:a.org').content[0]).toEqual({
      rule_id: 'a',
      default: false,
      enabled: true,
      actions: ['notify'],
      pattern: 'x',
    });
  });

  it('puts it right before or right after another', () => {
    expect(order(content(abc, 'n', { before: 'b' }))).toBe('a n b c');
    expect(order(content(abc, 'n', { after: 'b' }))).toBe('a b n c');
    expect(order(content(abc, 'n', { before: 'a', after: 'c' }))).toBe('n a b c');
  });

  it('moves one that is there only when a place is given, and leaves it disabled if it was', () => {
    expect(order(content(abc, 'b', undefined, 'new'))).toBe('a b c');
    expect(order(content(abc, 'c', { before: 'a' }))).toBe('c a b');
    const off = content(setRuleEnabled(abc, 'content', 'b', false), 'b', undefined, 'new');
    expect(rulesetOf(off, '@me:a.org').content[1]).toMatchObject({ rule_id: 'b', enabled: false, pattern: 'new' });
  });

  it('refuses a place next to a rule that is not there, is itself, or is the server’s', () => {
    for (const id of ['zzz', 'n', '.m.rule.master']) {
      expect(() => content(abc, 'n', { before: id })).toThrow(UnknownError);
      expect(() => content(abc, 'n', { after: id })).toThrow(UnknownError);
    }
    expect(() => putRule(NO_PUSH_RULES, 'override', 'n', { actions: [] }, { before: '.m.rule.member_event' })).toThrow(
      UnknownError,
    );
  });

  it('leaves what it was given alone', () => {
    content(abc, 'n');
    expect(order(abc)).toBe('a b c');
    expect(NO_PUSH_RULES).toEqual({ own: {}, defaults: {} });
  });

  it.each(['', '.mine', '.m.rule.master', 'a/b', 'a\\b', 'x'.repeat(256)])('refuses the id %j', (id) => {
    expect(() => content(NO_PUSH_RULES, id)).toThrow(InvalidParamError);
  });

  it('wants room ids for room rules and user ids for sender rules', () => {
    expect(() => putRule(NO_PUSH_RULES, 'room', '@a:b.org', { actions: [] })).toThrow(InvalidParamError);
    expect(() => putRule(NO_PUSH_RULES, 'sender', '!a:b.org', { actions: [] })).toThrow(InvalidParamError);
  });

  it.each<[string, JsonValue]>([
    ['no object', []],
    ['no actions', { pattern: 'x' }],
    ['actions that are a text', { pattern: 'x', actions: 'notify' }],
    ['an action that is a number', { pattern: 'x', actions: [5] }],
    ['an action that sets nothing', { pattern: 'x', actions: [{ value: 1 }] }],
    ['no pattern', { actions: [] }],
    ['a pattern that is a number', { pattern: 5, actions: [] }],
  ])('refuses a body with %s', (_what, body) => {
    expect(() => putRule(NO_PUSH_RULES, 'content', 'x', body)).toThrow(BadJsonError);
  });

  it('refuses conditions that are none, and keeps those of kinds it does not know', () => {
    for (const conditions of ['x', [5], [{}], {}]) {
      expect(() => putRule(NO_PUSH_RULES, 'override', 'x', { actions: [], conditions })).toThrow(BadJsonError);
    }
    const stored = putRule(NO_PUSH_RULES, 'override', 'x', { actions: [], conditions: [{ kind: 'org.new', a: 1 }] });
    expect(rulesetOf(stored, '@me:a.org').override[1]?.conditions).toEqual([{ kind: 'org.new', a: 1 }]);
  });

  it('drops actions of history', () => {
    const stored = putRule(NO_PUSH_RULES, 'room', '!r:a.org', { actions: ['dont_notify'] });
    expect(rulesetOf(stored, '@me:a.org').room[0]?.actions).toEqual([]);
  });

  it('stops at patterns whose matching would take long, in number and in length', () => {
    expect(() => content(NO_PUSH_RULES, 'x', undefined, 'a'.repeat(256))).toThrow(TooLargeError);
    const match = { kind: 'event_match', key: 'content.body', pattern: 'a'.repeat(255) };
    const rule = (count: number) => ({ actions: [], conditions: Array.from({ length: count }, () => match) });
    expect(() => putRule(NO_PUSH_RULES, 'override', 'x', rule(MAX_PATTERNS + 1))).toThrow(TooLargeError);
    const full = putRule(NO_PUSH_RULES, 'override', 'x', rule(MAX_PATTERNS));
    expect(() => content(full, 'more')).toThrow(TooLargeError);
    expect(() => putRule(full, 'override', 'x', rule(MAX_PATTERNS))).not.toThrow();
    expect(() => putRule(full, 'room', '!r:a.org', { actions: [] })).not.toThrow();
    const long = { actions: [], conditions: [{ ...match, pattern: 'a'.repeat(256) }] };
    expect(() => putRule(NO_PUSH_RULES, 'override', 'x', long)).toThrow(TooLargeError);
  });

  it('stops at a number nobody needs', () => {
    const mute = (stored: StoredPushRules, n: number) => putRule(stored, 'room', `!r${n}:a.org`, { actions: [] });
    const room = Array.from({ length: MAX_OWN_RULES }, (_, i) => ({
      rule_id: `!r${i}:a.org`,
      default: false,
      enabled: true,
      actions: [],
    }));
    const full: StoredPushRules = { own: { room }, defaults: {} };
    expect(() => mute(full, MAX_OWN_RULES)).toThrow(TooLargeError);
    expect(mute(full, 5)).toEqual(full);
  });
});

describe('changing and deleting rules', () => {
  it('deletes own rules only', () => {
    expect(order(deleteRule(abc, 'content', 'b'))).toBe('a c');
    expect(() => deleteRule(abc, 'content', 'zzz')).toThrow(NotFoundError);
    expect(() => deleteRule(abc, 'override', 'b')).toThrow(NotFoundError);
    expect(() => deleteRule(abc, 'override', '.m.rule.master')).toThrow(InvalidParamError);
  });

  it('switches own and default rules', () => {
    const stored = setRuleEnabled(setRuleEnabled(abc, 'content', 'a', false), 'override', '.m.rule.master', true);
    const rules = rulesetOf(stored, '@me:a.org');
    expect(rules.content[0]).toMatchObject({ rule_id: 'a', enabled: false });
    expect(rules.override[0]).toMatchObject({ rule_id: '.m.rule.master', enabled: true });
    expect(() => setRuleEnabled(abc, 'content', 'a', 'yes')).toThrow(BadJsonError);
    expect(() => setRuleEnabled(abc, 'content', 'zzz', true)).toThrow(NotFoundError);
    expect(() => setRuleEnabled(abc, 'underride', '.m.rule.master', true)).toThrow(NotFoundError);
  });

  it('sets actions of own and default rules, and keeps what else was changed', () => {
    let stored = setRuleEnabled(abc, 'underride', '.m.rule.message', false);
    stored = setRuleActions(stored, 'underride', '.m.rule.message', []);
    stored = setRuleActions(stored, 'content', 'a', [{ set_tweak: 'highlight' }]);
    const rules = rulesetOf(stored, '@me:a.org');
    expect(rules.underride[3]).toMatchObject({ rule_id: '.m.rule.message', enabled: false, actions: [] });
    expect(rules.content[0]?.actions).toEqual([{ set_tweak: 'highlight' }]);
    expect(() => setRuleActions(abc, 'content', 'a', undefined)).toThrow(BadJsonError);
  });

  it('survives being stored as JSON', () => {
    expect(JSON.parse(JSON.stringify(abc))).toEqual(abc);
  });

  it('knows five kinds', () => {
    expect(['override', 'content', 'room', 'sender', 'underride'].map(parsePushRuleKind)).toHaveLength(5);
    for (const kind of ['', 'device', 'Override', 'constructor'])
      expect(() => parsePushRuleKind(kind)).toThrow(InvalidParamError);
  });
});
