import { readServerName } from '#kernel/server-names';
import type { JsonObject, JsonValue } from '#kernel/json';

import { compileGlob, type Matcher } from './glob';
import { ownValue } from './json-access';

/** A compiled `m.room.server_acl`; compile it once for each event, it remembers the servers it was asked about. */
export interface ServerAcl {
  /** Whether a server may take part in the room. Its port does not count, nor does letter case. */
  allows(serverName: string): boolean;
}

/** Answers remembered; there are rarely more servers in a room, and a flood of made-up names must not fill the memory. */
const MAX_REMEMBERED = 5000;

/** Everybody may take part: the room has no ACL. */
export const OPEN_ACL: ServerAcl = { allows: () => true };

/** Compiles the content of an `m.room.server_acl` event. Spec: client-server, "Server ACLs". */
export function compileServerAcl(content: JsonObject | undefined): ServerAcl {
  if (content === undefined) return OPEN_ACL;
  const allowsIpLiterals = ownValue(content, 'allow_ip_literals') !== false;
  const isDenied = compileHostList(ownValue(content, 'deny'));
  const isAllowed = compileHostList(ownValue(content, 'allow'));
  const decide = (serverName: string): boolean => {
    const parsed = readServerName(serverName);
    if (parsed === undefined || (parsed.isIpLiteral && !allowsIpLiterals)) return false;
    const host = parsed.host.toLowerCase();
    return !isDenied(host) && isAllowed(host);
  };
  return { allows: remember(decide) };
}

/** One matcher for a list of patterns: plain names in a set, the others one after another. */
function compileHostList(list: JsonValue | undefined): Matcher {
  const patterns = Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string') : [];
  const distinct = [...new Set(patterns.map((pattern) => pattern.toLowerCase()))];
  const names = new Set(distinct.filter((pattern) => !/[*?]/.test(pattern)));
  if (distinct.includes('*')) return () => true;
  const globs = distinct.filter((pattern) => /[*?]/.test(pattern)).map(compileGlob);
  return (host) => names.has(host) || globs.some((matches) => matches(host));
}

function remember(decide: Matcher): Matcher {
  const answers = new Map<string, boolean>();
  return (serverName) => {
    let answer = answers.get(serverName);
    if (answer === undefined) {
      answer = decide(serverName);
      if (answers.size >= MAX_REMEMBERED) answers.clear();
      answers.set(serverName, answer);
    }
    return answer;
  };
}
