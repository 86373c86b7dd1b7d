import { isJsonObject, type JsonObject } from '#kernel/json';

import { ownString } from '../json-access';
import type { RoomVersion } from '../room-versions';
import type { HashedReference, Pdu } from './pdu';

/** What the maker of an event decides; the room version decides how that is written. */
export interface EventDraft {
  /** Left out for the create event of version 12 and later, whose room id is its hash. */
  readonly roomId?: string;
  readonly type: string;
  readonly stateKey?: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly prevEvents: readonly string[];
  readonly authEvents: readonly string[];
  readonly depth: number;
  /** Milliseconds since 1970. */
  readonly originServerTs: number;
  /** The target of a redaction; put where the version keeps it. */
  readonly redacts?: string;
  readonly unsigned?: JsonObject;
  /** Versions 1 and 2 only, and required there: `$random:server`. */
  readonly eventId?: string;
  /** Versions 1 and 2 only, and required there: reference hash of a previous or auth event, by its id, where it is known. */
  readonly hashOf?: (eventId: string) => string | undefined;
}

/**
 * Writes a draft as an event of a room version, without hashes and signatures. Adds `creator` to create events before
 * version 11, and moves the target of a redaction to where the version wants it. Throws when a draft lacks what its
 * version needs, which is a fault of the caller.
 */
export function buildEvent(version: RoomVersion, draft: EventDraft): Pdu {
  const pdu: JsonObject = {
    auth_events: references(version, draft, draft.authEvents),
    content: contentOf(version, draft),
    depth: draft.depth,
    origin_server_ts: draft.originServerTs,
    prev_events: references(version, draft, draft.prevEvents),
    sender: draft.sender,
    type: draft.type,
  };
  addIds(version, draft, pdu);
  if (draft.stateKey !== undefined) pdu.state_key = draft.stateKey;
  const target = redactionTarget(draft);
  if (target !== undefined && !version.redactsInContent) pdu.redacts = target;
  if (draft.unsigned !== undefined) pdu.unsigned = draft.unsigned;
  return pdu as Pdu;
}

function addIds(version: RoomVersion, draft: EventDraft, pdu: JsonObject): void {
  const namesItsRoom = !(version.createEventIsRoomId && draft.type === 'm.room.create' && draft.stateKey === '');
  if (namesItsRoom) {
    if (draft.roomId === undefined) throw new Error(`An event of room version ${version.id} needs its room id`);
    pdu.room_id = draft.roomId;
  }
  if (version.eventIds === 'field') {
    if (draft.eventId === undefined) throw new Error(`An event of room version ${version.id} needs its id`);
    pdu.event_id = draft.eventId;
  }
}

function references(
  version: RoomVersion,
  draft: EventDraft,
  eventIds: readonly string[],
): string[] | HashedReference[] {
  if (!version.hashedReferences) return [...eventIds];
  const { hashOf } = draft;
  return eventIds.map((eventId): HashedReference => {
    if (hashOf === undefined) throw new Error(`References of room version ${version.id} need hashes`);
    const sha256 = hashOf(eventId);
    return [eventId, sha256 === undefined ? {} : { sha256 }];
  });
}

function contentOf(version: RoomVersion, draft: EventDraft): JsonObject {
  const { content, type } = draft;
  if (type === 'm.room.redaction') return redactionContent(version, draft);
  if (type === 'm.room.create' && version.creatorInContent) return { ...content, creator: draft.sender };
  return content;
}

function redactionContent(version: RoomVersion, draft: EventDraft): JsonObject {
  const target = redactionTarget(draft);
  if (target === undefined) return draft.content;
  if (version.redactsInContent) return { ...draft.content, redacts: target };
  const { redacts: _moved, ...rest } = draft.content;
  return rest;
}

function redactionTarget(draft: EventDraft): string | undefined {
  if (draft.type !== 'm.room.redaction') return undefined;
  return draft.redacts ?? (isJsonObject(draft.content) ? ownString(draft.content, 'redacts') : undefined);
}
