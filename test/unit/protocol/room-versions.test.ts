import { UnsupportedRoomVersionError } from '#kernel/errors';
import {
  isKnownRoomVersion,
  knownRoomVersions,
  roomVersion,
  roomVersionStability,
  type RoomVersion,
} from '#protocol/room-versions';

/** Versions, as text, in which a flag holds. */
function versionsWhere(holds: (version: RoomVersion) => boolean): string {
  return knownRoomVersions()
    .filter((id) => holds(roomVersion(id)))
    .join(' ');
}

describe('the table of room versions', () => {
  it('knows 1 to 12, all stable', () => {
    expect(knownRoomVersions().join(' ')).toBe('1 2 3 4 5 6 7 8 9 10 11 12');
    expect(new Set(Object.values(roomVersionStability()))).toEqual(new Set(['stable']));
  });

  it.each<[string, (version: RoomVersion) => boolean, string]>([
    ['event ids are fields', (v) => v.eventIds === 'field', '1 2'],
    ['event ids are standard Base64', (v) => v.eventIds === 'base64', '3'],
    ['event ids are URL-safe', (v) => v.eventIds === 'url-safe', '4 5 6 7 8 9 10 11 12'],
    ['state is resolved by the first algorithm', (v) => v.stateResolution === 'v1', '1'],
    ['state is resolved by the second algorithm', (v) => v.stateResolution === 'v2', '2 3 4 5 6 7 8 9 10 11'],
    ['state is resolved by the algorithm of 2025', (v) => v.stateResolution === 'v2.1', '12'],
    ['keys must be valid in time', (v) => v.enforcesKeyValidity, '5 6 7 8 9 10 11 12'],
    ['canonical JSON is strict', (v) => v.strictCanonicalJson, '6 7 8 9 10 11 12'],
    ['redactions are judged by the rules', (v) => v.redactionAuthRule, '1 2'],
    ['aliases have a rule', (v) => v.aliasesAuthRule, '1 2 3 4 5'],
    ['aliases survive redaction', (v) => v.redaction.keepsAliases, '1 2 3 4 5'],
    ['notification levels are guarded', (v) => v.checksNotificationLevels, '6 7 8 9 10 11 12'],
    ['knocking exists', (v) => v.knock, '7 8 9 10 11 12'],
    ['restricted joins exist', (v) => v.restrictedJoin, '8 9 10 11 12'],
    ['allow survives redaction', (v) => v.redaction.keepsJoinRuleAllow, '8 9 10 11 12'],
    ['the authorising user survives redaction', (v) => v.redaction.keepsJoinAuthorisedVia, '9 10 11 12'],
    ['knock_restricted exists', (v) => v.knockRestrictedJoin, '10 11 12'],
    ['power levels are integers', (v) => v.powerLevelValues === 'integer', '10 11 12'],
    ['power levels may be floats', (v) => v.powerLevelValues === 'float', '1 2 3 4 5'],
    ['the create event names its creator', (v) => v.creatorInContent, '1 2 3 4 5 6 7 8 9 10'],
    ['redacts is in the content', (v) => v.redactsInContent, '11 12'],
    ['the room id is the create event', (v) => v.createEventIsRoomId, '12'],
    ['creators are privileged', (v) => v.privilegedCreators, '12'],
  ])('%s in the right versions (row 42)', (_what, holds, versions) => {
    expect(versionsWhere(holds)).toBe(versions);
  });

  it.each(['', '0', '13', 'org.example', '__proto__', 'constructor', '1 '])('refuses the version %j', (id) => {
    expect(isKnownRoomVersion(id)).toBe(false);
    expect(() => roomVersion(id)).toThrow(UnsupportedRoomVersionError);
  });
});
