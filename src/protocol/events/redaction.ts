import type { JsonObject } from '#kernel/json';

import { ownObject } from '../json-access';
import type { RoomVersion } from '../room-versions';
import { keepNumbers } from '../written-numbers';
import type { Pdu } from './pdu';

const KEPT = new Set([
  'event_id',
  'type',
  'room_id',
  'sender',
  'state_key',
  'content',
  'hashes',
  'signatures',
  'depth',
  'prev_events',
  'auth_events',
  'origin_server_ts',
]);
const KEPT_BEFORE_11 = new Set([...KEPT, 'prev_state', 'origin', 'membership']);
const POWER_LEVELS = ['ban', 'events', 'events_default', 'kick', 'redact', 'state_default', 'users', 'users_default'];

/** The top-level keys that a redaction leaves. */
export function keysKeptByRedaction(version: RoomVersion): ReadonlySet<string> {
  return version.redaction.keepsOldTopLevel ? KEPT_BEFORE_11 : KEPT;
}

/**
 * The event without all that a redaction takes; hashes and signatures stay valid. Spec: "Redactions" of each room
 * version.
 */
export function redactEvent(version: RoomVersion, pdu: Pdu): Pdu {
  const kept = keysKeptByRedaction(version);
  const redacted: JsonObject = {};
  for (const key of Object.keys(pdu)) {
    if (kept.has(key)) redacted[key] = pdu[key] as JsonObject;
  }
  redacted.content = redactContent(version, pdu.type, pdu.content);
  return redacted as Pdu;
}

/** What a redaction leaves of the content of an event of this type. */
export function redactContent(version: RoomVersion, type: string, content: JsonObject): JsonObject {
  if (type === 'm.room.create' && version.redaction.keepsVersion11Fields) return content;
  const kept = pick(content, keptContentKeys(version, type));
  if (type === 'm.room.member' && version.redaction.keepsVersion11Fields) keepSignedInvite(content, kept);
  return kept;
}

function keptContentKeys(version: RoomVersion, type: string): readonly string[] {
  const { redaction } = version;
  switch (type) {
    case 'm.room.member':
      return redaction.keepsJoinAuthorisedVia ? ['membership', 'join_authorised_via_users_server'] : ['membership'];
    case 'm.room.create':
      return ['creator'];
    case 'm.room.join_rules':
      return redaction.keepsJoinRuleAllow ? ['join_rule', 'allow'] : ['join_rule'];
    case 'm.room.power_levels':
      return redaction.keepsVersion11Fields ? [...POWER_LEVELS, 'invite'] : POWER_LEVELS;
    case 'm.room.aliases':
      return redaction.keepsAliases ? ['aliases'] : [];
    case 'm.room.history_visibility':
      return ['history_visibility'];
    case 'm.room.redaction':
      return redaction.keepsVersion11Fields ? ['redacts'] : [];
    default:
      return [];
  }
}

/** An invite that is not signed leaves an empty object: other servers hash it so, and ids must agree. */
function keepSignedInvite(content: JsonObject, kept: JsonObject): void {
  const invite = ownObject(content, 'third_party_invite');
  if (invite !== undefined) kept.third_party_invite = pick(invite, ['signed']);
}

function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  keepNumbers(object, picked);
  for (const key of keys) {
    if (Object.hasOwn(object, key)) picked[key] = object[key] as JsonObject;
  }
  return picked;
}
