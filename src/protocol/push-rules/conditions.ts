import type { JsonObject, JsonValue } from '#kernel/json';

import { compileGlob, compileWordGlob, compileWordLiteral } from '../glob';
import { ownString, ownValue } from '../json-access';
import { parsePropertyPath, propertyAt } from '../property-path';

/** What the evaluator must know beside the event; make costly ones getters, most rules never ask. */
export interface PushContext {
  readonly userId: string;
  /** The user's display name in the room, if they have one. */
  readonly displayName?: string;
  /** Joined members of the room. */
  readonly memberCount: number;
  /** The power level of the event's sender. */
  readonly senderLevel: number;
  /** The level that a kind of `@`-notification needs: `notification` of the room's PowerLevels. */
  notificationLevel(key: string): number;
}

/** One compiled condition. */
export type Condition = (event: JsonObject, context: PushContext) => boolean;

const NEVER: Condition = () => false;
const MEMBER_COUNT = /^(==|<=|>=|<|>)?(\d{1,15})$/;

/** Compiles a condition; one that is unknown or malformed never matches. Spec: client-server, "Conditions". */
export function compileCondition(condition: JsonObject): Condition {
  switch (ownString(condition, 'kind')) {
    case 'event_match':
      return compileEventMatch(condition);
    case 'event_property_is':
      return compileProperty(condition, (value, wanted) => isSimple(value) && value === wanted);
    case 'event_property_contains':
      return compileProperty(condition, (value, wanted) => Array.isArray(value) && value.includes(wanted));
    case 'contains_display_name':
      return containsDisplayName;
    case 'room_member_count':
      return compileMemberCount(condition);
    case 'sender_notification_permission':
      return compilePermission(condition);
    default:
      return NEVER;
  }
}

/** The condition of a `content` rule: its pattern stands in the body between word boundaries. */
export function compileBodyPattern(pattern: string): Condition {
  return compileEventMatch({ key: 'content.body', pattern });
}

function compileEventMatch(condition: JsonObject): Condition {
  const key = ownString(condition, 'key');
  const pattern = ownString(condition, 'pattern');
  if (key === undefined || pattern === undefined) return NEVER;
  const path = parsePropertyPath(key);
  const matches = key === 'content.body' ? compileWordGlob(pattern) : compileGlob(pattern);
  return (event) => {
    const value = propertyAt(event, path);
    return typeof value === 'string' && matches(value);
  };
}

function compileProperty(
  condition: JsonObject,
  holds: (value: JsonValue | undefined, wanted: JsonValue) => boolean,
): Condition {
  const key = ownString(condition, 'key');
  const wanted = ownValue(condition, 'value');
  if (key === undefined || wanted === undefined || !isSimple(wanted)) return NEVER;
  const path = parsePropertyPath(key);
  return (event) => holds(propertyAt(event, path), wanted);
}

function isSimple(value: JsonValue | undefined): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

const containsDisplayName: Condition = (event, { displayName }) => {
  const body = propertyAt(event, ['content', 'body']);
  return typeof body === 'string' && !!displayName && compileWordLiteral(displayName)(body);
};

function compileMemberCount(condition: JsonObject): Condition {
  const match = MEMBER_COUNT.exec(ownString(condition, 'is') ?? '');
  if (match === null) return NEVER;
  const limit = Number(match[2]);
  switch (match[1]) {
    case '<':
      return (_event, { memberCount }) => memberCount < limit;
    case '>':
      return (_event, { memberCount }) => memberCount > limit;
    case '<=':
      return (_event, { memberCount }) => memberCount <= limit;
    case '>=':
      return (_event, { memberCount }) => memberCount >= limit;
    default:
      return (_event, { memberCount }) => memberCount === limit;
  }
}

function compilePermission(condition: JsonObject): Condition {
  const key = ownString(condition, 'key');
  if (key === undefined) return NEVER;
  return (_event, context) => context.senderLevel >= context.notificationLevel(key);
}
