import { BadJsonError, InvalidParamError, NotFoundError, TooLargeError, UnknownError } from '#kernel/errors';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import { ownString, ownValue } from '../json-access';
import { defaultRules } from './default-rules';
import {
  isPushRuleKind,
  PUSH_RULE_KINDS,
  type PushAction,
  type PushRule,
  type PushRuleKind,
  type StoredPushRules,
} from './rule';

/** Each event is tried against all of a user's rules; nobody honest has so many. */
export const MAX_OWN_RULES = 1000;
/** Patterns in all of a user's rules together: each is matched against the whole of a text, which may be long. */
export const MAX_PATTERNS = 200;
/** Characters in one pattern. */
export const MAX_PATTERN_LENGTH = 255;

/** Where a new rule goes, relative to a rule of the user's own. `before` wins. */
export interface RulePlace {
  readonly before?: string;
  readonly after?: string;
}

/** Reads the kind from a path, or throws InvalidParamError. */
export function parsePushRuleKind(kind: string): PushRuleKind {
  if (!isPushRuleKind(kind)) throw new InvalidParamError(`Unknown kind of push rule: ${kind}`);
  return kind;
}

/**
 * Adds a rule of the user's own or replaces the one of the same id, which stays where it is and as enabled as it was
 * unless a place is given. Throws InvalidParamError (id), BadJsonError (body), UnknownError (no rule at the place),
 * TooLargeError. Spec: client-server, `PUT /pushrules/global/{kind}/{ruleId}`.
 */
export function putRule(
  stored: StoredPushRules,
  kind: PushRuleKind,
  ruleId: string,
  body: JsonValue,
  place: RulePlace = {},
): StoredPushRules {
  checkOwnRuleId(kind, ruleId);
  const rules = ownRules(stored, kind);
  const existing = rules.findIndex((rule) => rule.rule_id === ruleId);
  const rule = makeRule(kind, ruleId, body, rules[existing]?.enabled ?? true);
  if (existing < 0 && countOwnRules(stored) >= MAX_OWN_RULES) throw new TooLargeError('You have too many push rules');
  checkPatternCount(stored, kind, rule);
  const others = rules.filter((other) => other.rule_id !== ruleId);
  const anchored = place.before !== undefined || place.after !== undefined;
  const index = anchored ? placeAmong(others, place) : Math.max(existing, 0);
  return withOwnRules(stored, kind, [...others.slice(0, index), rule, ...others.slice(index)]);
}

/** Removes a rule of the user's own. Throws NotFoundError, InvalidParamError for a rule of the server. */
export function deleteRule(stored: StoredPushRules, kind: PushRuleKind, ruleId: string): StoredPushRules {
  if (ruleId.startsWith('.')) throw new InvalidParamError('The rules of the server cannot be deleted');
  const rules = ownRules(stored, kind);
  if (!rules.some((rule) => rule.rule_id === ruleId)) throw new NotFoundError('The push rule was not found');
  return withOwnRules(
    stored,
    kind,
    rules.filter((rule) => rule.rule_id !== ruleId),
  );
}

/** Switches a rule, the server's ones too, on or off. Throws NotFoundError, BadJsonError. */
export function setRuleEnabled(
  stored: StoredPushRules,
  kind: PushRuleKind,
  ruleId: string,
  enabled: JsonValue | undefined,
): StoredPushRules {
  if (typeof enabled !== 'boolean') throw new BadJsonError('enabled must be a boolean');
  return changeRule(stored, kind, ruleId, { enabled });
}

/** Sets what a rule, the server's ones too, does. Throws NotFoundError, BadJsonError. */
export function setRuleActions(
  stored: StoredPushRules,
  kind: PushRuleKind,
  ruleId: string,
  actions: JsonValue | undefined,
): StoredPushRules {
  return changeRule(stored, kind, ruleId, { actions: parseActions(actions) });
}

function changeRule(
  stored: StoredPushRules,
  kind: PushRuleKind,
  ruleId: string,
  change: { enabled?: boolean; actions?: PushAction[] },
): StoredPushRules {
  if (defaultRules('')[kind].some((rule) => rule.rule_id === ruleId)) {
    const before = Object.hasOwn(stored.defaults, ruleId) ? stored.defaults[ruleId] : {};
    return { ...stored, defaults: { ...stored.defaults, [ruleId]: { ...before, ...change } } };
  }
  const rules = ownRules(stored, kind);
  if (!rules.some((rule) => rule.rule_id === ruleId)) throw new NotFoundError('The push rule was not found');
  return withOwnRules(
    stored,
    kind,
    rules.map((rule) => (rule.rule_id === ruleId ? { ...rule, ...change } : rule)),
  );
}

function checkOwnRuleId(kind: PushRuleKind, ruleId: string): void {
  if (ruleId === '' || ruleId.startsWith('.')) throw new InvalidParamError('Rule IDs of users do not start with a dot');
  if (/[/\\]/.test(ruleId)) throw new InvalidParamError('Rule IDs contain neither slashes nor backslashes');
  if (Buffer.byteLength(ruleId) > 255) throw new InvalidParamError('Rule IDs have at most 255 bytes');
  if (kind === 'room' && !ruleId.startsWith('!')) throw new InvalidParamError('The ID of a room rule is a room ID');
  if (kind === 'sender' && !ruleId.startsWith('@')) throw new InvalidParamError('The ID of a sender rule is a user ID');
}

function makeRule(kind: PushRuleKind, ruleId: string, body: JsonValue, enabled: boolean): PushRule {
  if (!isJsonObject(body)) throw new BadJsonError('A push rule is an object');
  const rule: PushRule = { rule_id: ruleId, default: false, enabled, actions: parseActions(ownValue(body, 'actions')) };
  if (kind === 'content') rule.pattern = parsePattern(body);
  if (kind === 'override' || kind === 'underride') rule.conditions = parseConditions(ownValue(body, 'conditions'));
  return rule;
}

function parsePattern(body: JsonObject): string {
  const pattern = ownString(body, 'pattern');
  if (pattern === undefined) throw new BadJsonError('pattern must be a string');
  checkPatternLength(pattern);
  return pattern;
}

function checkPatternLength(pattern: string | undefined): void {
  if (pattern !== undefined && pattern.length > MAX_PATTERN_LENGTH) throw new TooLargeError('The pattern is too long');
}

function checkPatternCount(stored: StoredPushRules, kind: PushRuleKind, rule: PushRule): void {
  const kept = PUSH_RULE_KINDS.flatMap((each) =>
    ownRules(stored, each).filter((other) => each !== kind || other.rule_id !== rule.rule_id),
  );
  const count = [...kept, rule].reduce((sum, each) => sum + patternsIn(each), 0);
  if (count > MAX_PATTERNS && patternsIn(rule) > 0) throw new TooLargeError('Your push rules have too many patterns');
}

function patternsIn(rule: PushRule): number {
  const conditions = (rule.conditions ?? []).filter((condition) => Object.hasOwn(condition, 'pattern'));
  return conditions.length + (rule.pattern === undefined ? 0 : 1);
}

/** Conditions of unknown kinds are kept: they never match, and a newer client may have made them. */
function parseConditions(conditions: JsonValue | undefined): JsonObject[] {
  if (conditions === undefined) return [];
  if (!Array.isArray(conditions)) throw new BadJsonError('conditions must be an array');
  return conditions.map((condition) => {
    if (!isJsonObject(condition) || ownString(condition, 'kind') === undefined) {
      throw new BadJsonError('Each of conditions must be an object with a kind');
    }
    checkPatternLength(ownString(condition, 'pattern'));
    return condition;
  });
}

/** The historical `dont_notify` and `coalesce` are dropped here. */
function parseActions(actions: JsonValue | undefined): PushAction[] {
  if (!Array.isArray(actions)) throw new BadJsonError('actions must be an array');
  const parsed = actions.map((action): PushAction => {
    if (typeof action === 'string') return action;
    if (isJsonObject(action) && ownString(action, 'set_tweak') !== undefined) return action;
    throw new BadJsonError('Each of actions must be a string or an object with set_tweak');
  });
  return parsed.filter((action) => action !== 'dont_notify' && action !== 'coalesce');
}

function placeAmong(rules: readonly PushRule[], place: RulePlace): number {
  const anchor = place.before ?? place.after;
  const index = rules.findIndex((rule) => rule.rule_id === anchor);
  if (index < 0) throw new UnknownError(`before/after rule not found: ${anchor}`);
  return place.before !== undefined ? index : index + 1;
}

function ownRules(stored: StoredPushRules, kind: PushRuleKind): readonly PushRule[] {
  return stored.own[kind] ?? [];
}

function withOwnRules(stored: StoredPushRules, kind: PushRuleKind, rules: readonly PushRule[]): StoredPushRules {
  return { ...stored, own: { ...stored.own, [kind]: rules } };
}

function countOwnRules(stored: StoredPushRules): number {
  return PUSH_RULE_KINDS.reduce((count, kind) => count + ownRules(stored, kind).length, 0);
}
