import type { JsonObject } from '#kernel/json';

import type { Matcher } from '../glob';
import type { EventFilter, RoomEventFilter } from './filter';

/** The parts of an event that a filter looks at. */
export interface FilterSubject {
  readonly type: string;
  /** Absent from ephemeral events and account data, which no list of senders applies to. */
  readonly sender?: string;
  readonly content: JsonObject;
}

/** A filter made ready: matching parses nothing. */
export interface CompiledFilter {
  /** Whether an event of a room passes; rooms are asked for apart, once and not for each event. */
  matches(event: FilterSubject): boolean;
  /** Whether anything of a room passes. */
  allowsRoom(roomId: string): boolean;
  /** Whether an event type can pass at all: lets a reader skip what nobody would see. */
  allowsType(type: string): boolean;
  allowsSender(sender: string): boolean;
  /** True when every event passes, so that no event need be looked at. */
  readonly passesAll: boolean;
  readonly lazyLoadMembers: boolean;
  readonly includeRedundantMembers: boolean;
  readonly unreadThreadNotifications: boolean;
  /** The limit the client asked for, if any. */
  readonly limit: number | undefined;
}

const ALWAYS: Matcher = () => true;
const NEVER: Matcher = () => false;

/** Compiles a filter; undefined lets everything through. An empty list lets nothing through. */
export function compileFilter(filter: RoomEventFilter | EventFilter = {}): CompiledFilter {
  const { contains_url: containsUrl, ...rest }: RoomEventFilter = filter;
  const allowsType = inBoth(typeMatcher(rest.types, ALWAYS), typeMatcher(rest.not_types, NEVER));
  const allowsSender = inBoth(setMatcher(rest.senders, ALWAYS), setMatcher(rest.not_senders, NEVER));
  return {
    matches: ({ type, sender, content }) =>
      allowsType(type) &&
      (sender === undefined || allowsSender(sender)) &&
      (containsUrl === undefined || Object.hasOwn(content, 'url') === containsUrl),
    allowsRoom: inBoth(setMatcher(rest.rooms, ALWAYS), setMatcher(rest.not_rooms, NEVER)),
    allowsType,
    allowsSender,
    passesAll: containsUrl === undefined && !rest.types && !rest.not_types && !rest.senders && !rest.not_senders,
    lazyLoadMembers: rest.lazy_load_members === true,
    includeRedundantMembers: rest.include_redundant_members === true,
    unreadThreadNotifications: rest.unread_thread_notifications === true,
    limit: rest.limit,
  };
}

/** A limit as it is served: at least 1, at most `max`, `fallback` when the client named none. */
export function clampLimit(limit: number | undefined, fallback: number, max: number): number {
  return Math.min(Math.max(limit ?? fallback, 1), max);
}

/** Inside the first and not inside the second; a listed exclusion wins over a listed inclusion. */
function inBoth(included: Matcher, excluded: Matcher): Matcher {
  if (excluded === NEVER) return included;
  return (text) => included(text) && !excluded(text);
}

function setMatcher(entries: readonly string[] | undefined, absent: Matcher): Matcher {
  if (entries === undefined) return absent;
  const set = new Set(entries);
  return (text) => set.has(text);
}

/** Types are matched exactly, letter case included; only the star is special. */
function typeMatcher(patterns: readonly string[] | undefined, absent: Matcher): Matcher {
  if (patterns === undefined) return absent;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const wild = patterns.filter((pattern) => pattern.includes('*')).map(compileStars);
  return (type) => exact.has(type) || wild.some((matches) => matches(type));
}

/**
 * Without question marks the leftmost place for each piece between stars is as good as any, so that one pass decides.
 */
function compileStars(pattern: string): Matcher {
  const pieces = pattern.split('*');
  const first = pieces[0] as string;
  const last = pieces[pieces.length - 1] as string;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let from = first.length;
    for (const piece of middle) {
      const at = text.indexOf(piece, from);
      if (at < 0 || at + piece.length > end) return false;
      from = at + piece.length;
    }
    return true;
  };
}
