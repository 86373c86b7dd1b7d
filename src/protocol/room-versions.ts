import { UnsupportedRoomVersionError } from '#kernel/errors';

/** What the redaction algorithm of a room version keeps beyond what the first version kept. */
export interface RedactionRules {
  /** Top-level `origin`, `membership`, `prev_state` survive (versions 1 to 10). */
  readonly keepsOldTopLevel: boolean;
  /** `aliases` of `m.room.aliases` (versions 1 to 5). */
  readonly keepsAliases: boolean;
  /** `allow` of `m.room.join_rules` (8 and later). */
  readonly keepsJoinRuleAllow: boolean;
  /** `join_authorised_via_users_server` of `m.room.member` (9 and later). */
  readonly keepsJoinAuthorisedVia: boolean;
  /** All of `m.room.create`, `redacts` of redactions, `invite` of power levels, `signed` of third-party invites (11). */
  readonly keepsVersion11Fields: boolean;
}

/** Everything in which one room version differs from another. Code asks for a flag, never for a number. */
export interface RoomVersion {
  readonly id: string;
  readonly stability: 'stable' | 'unstable';
  /** Event ids: a field of the event, or the reference hash in one of two alphabets. */
  readonly eventIds: 'field' | 'base64' | 'url-safe';
  /** `auth_events` and `prev_events` are pairs of id and hash (versions 1 and 2), not plain ids. */
  readonly hashedReferences: boolean;
  readonly stateResolution: 'v1' | 'v2' | 'v2.1';
  /** Signing keys must be valid at the event's time (5 and later). */
  readonly enforcesKeyValidity: boolean;
  readonly strictCanonicalJson: boolean;
  readonly redaction: RedactionRules;
  /** `redacts` lives in the content of a redaction, not at the top level (11 and later). */
  readonly redactsInContent: boolean;
  /** Redactions are judged by the authorisation rules (versions 1 and 2), not when they take effect. */
  readonly redactionAuthRule: boolean;
  /** `m.room.aliases` has a rule of its own (versions 1 to 5). */
  readonly aliasesAuthRule: boolean;
  /** `content.creator` of the create event is required, and names the creator (versions 1 to 10). */
  readonly creatorInContent: boolean;
  /** Changes of `notifications` in the power levels are checked (6 and later). */
  readonly checksNotificationLevels: boolean;
  /** How a power level may be written: integers only (10), texts too (6 to 9), floats as well (1 to 5). */
  readonly powerLevelValues: 'integer' | 'text' | 'float';
  readonly knock: boolean;
  readonly restrictedJoin: boolean;
  readonly knockRestrictedJoin: boolean;
  /**
   * The room id is the create event's id (12 and later): the create event has no `room_id` and is never among the
   * `auth_events`.
   */
  readonly createEventIsRoomId: boolean;
  /** Creators stand above every power level and are absent from `m.room.power_levels` (12 and later). */
  readonly privilegedCreators: boolean;
}

const VERSION_1: RoomVersion = {
  id: '1',
  stability: 'stable',
  eventIds: 'field',
  hashedReferences: true,
  stateResolution: 'v1',
  enforcesKeyValidity: false,
  strictCanonicalJson: false,
  redaction: {
    keepsOldTopLevel: true,
    keepsAliases: true,
    keepsJoinRuleAllow: false,
    keepsJoinAuthorisedVia: false,
    keepsVersion11Fields: false,
  },
  redactsInContent: false,
  redactionAuthRule: true,
  aliasesAuthRule: true,
  creatorInContent: true,
  checksNotificationLevels: false,
  powerLevelValues: 'float',
  knock: false,
  restrictedJoin: false,
  knockRestrictedJoin: false,
  createEventIsRoomId: false,
  privilegedCreators: false,
};

/** Makes a version from the one before it and what it changes, in the order of the specification. */
function after(before: RoomVersion, id: string, changes: Partial<RoomVersion>): RoomVersion {
  return Object.freeze({ ...before, ...changes, id });
}

const VERSION_2 = after(VERSION_1, '2', { stateResolution: 'v2' });
const VERSION_3 = after(VERSION_2, '3', { eventIds: 'base64', hashedReferences: false, redactionAuthRule: false });
const VERSION_4 = after(VERSION_3, '4', { eventIds: 'url-safe' });
const VERSION_5 = after(VERSION_4, '5', { enforcesKeyValidity: true });
const VERSION_6 = after(VERSION_5, '6', {
  strictCanonicalJson: true,
  aliasesAuthRule: false,
  checksNotificationLevels: true,
  powerLevelValues: 'text',
  redaction: { ...VERSION_5.redaction, keepsAliases: false },
});
const VERSION_7 = after(VERSION_6, '7', { knock: true });
const VERSION_8 = after(VERSION_7, '8', {
  restrictedJoin: true,
  redaction: { ...VERSION_7.redaction, keepsJoinRuleAllow: true },
});
const VERSION_9 = after(VERSION_8, '9', { redaction: { ...VERSION_8.redaction, keepsJoinAuthorisedVia: true } });
const VERSION_10 = after(VERSION_9, '10', { powerLevelValues: 'integer', knockRestrictedJoin: true });
const VERSION_11 = after(VERSION_10, '11', {
  creatorInContent: false,
  redactsInContent: true,
  redaction: { ...VERSION_10.redaction, keepsOldTopLevel: false, keepsVersion11Fields: true },
});
const VERSION_12 = after(VERSION_11, '12', {
  createEventIsRoomId: true,
  privilegedCreators: true,
  stateResolution: 'v2.1',
});

/** The one table of room versions. */
const VERSIONS: ReadonlyMap<string, RoomVersion> = new Map(
  [
    Object.freeze(VERSION_1),
    VERSION_2,
    VERSION_3,
    VERSION_4,
    VERSION_5,
    VERSION_6,
    VERSION_7,
    VERSION_8,
    VERSION_9,
    VERSION_10,
    VERSION_11,
    VERSION_12,
  ].map((version) => [version.id, version]),
);

/** The version of a room whose create event names none. */
export const ROOM_VERSION_WHEN_ABSENT = '1';

/** The flags of a room version. Throws {@link UnsupportedRoomVersionError} for one this server does not know. */
export function roomVersion(id: string): RoomVersion {
  const version = VERSIONS.get(id);
  if (version === undefined) {
    throw new UnsupportedRoomVersionError('Your homeserver does not support this room version', { room_version: id });
  }
  return version;
}

/** Whether this server knows a room version. */
export function isKnownRoomVersion(id: unknown): id is string {
  return typeof id === 'string' && VERSIONS.has(id);
}

/** All known room versions, oldest first. */
export function knownRoomVersions(): readonly string[] {
  return [...VERSIONS.keys()];
}

/** The `available` object of the `m.room_versions` capability. */
export function roomVersionStability(): Record<string, 'stable' | 'unstable'> {
  return Object.fromEntries([...VERSIONS.values()].map((version) => [version.id, version.stability]));
}
