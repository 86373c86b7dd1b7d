import { randomBytes } from 'node:crypto';
import { BadJsonError, ForbiddenError, NotFoundError } from '#kernel/errors';
import { isValidUserId, serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { authTypesFor, checkAuth } from '#protocol/auth-rules/index';
import {
  addEventSignature,
  buildEvent,
  hashAndSign,
  isCreateEvent,
  isEventIdOf,
  membershipOf,
  referenceHash,
  type InspectedEvent,
  type Pdu,
  type SignedEvent,
} from '#protocol/events/index';
import { ownObject, ownString, ownValue } from '#protocol/json-access';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import { stateMapKey, type RoomInfo, type StateKeyPair } from '../../room-state';
import type { EventTemplate, TemplateClaim } from '../ingest.model';
import type { EventTemplates } from '../ingest.ports';
import type { HeadEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { TimelineConfig } from '../timeline.config';

const MAX_PREVIOUS = 20;
const MAX_AUTHORITY = 10;
const AUTHORISER = 'join_authorised_via_users_server';

/** Events that are made here and signed there, or the other way round. SECURITY: row 49. */
export class Templates implements EventTemplates {
  constructor(
    private readonly config: TimelineConfig,
    private readonly heads: RoomHeads,
    private readonly now: () => number,
  ) {}

  async draftFor(
    room: RoomInfo,
    draft: { readonly type: string; readonly sender: string; readonly stateKey: string; readonly content: JsonObject },
  ): Promise<EventTemplate> {
    const ifNotOpen = () => new NotFoundError('This server is not in the room');
    const pdu = await this.heads.inQueue(room, (head) => this.draft(head, draft), { ifNotOpen });
    return { roomVersion: room.version, pdu };
  }

  signTemplate(claim: TemplateClaim, template: JsonValue): SignedEvent {
    const version = roomVersion(claim.version);
    if (!isJsonObject(template)) throw new BadJsonError('The template is not an object');
    requireClaimed(claim, template);
    const previous = references(version, template, 'prev_events', MAX_PREVIOUS);
    const authority = references(version, template, 'auth_events', MAX_AUTHORITY);
    if (previous.ids.length === 0) throw new BadJsonError('The template follows no event');
    const { roomId, type, userId, membership } = claim;
    const vouched = membership === 'join' ? this.authoriserOf(version, template) : {};
    const pdu = buildEvent(version, {
      roomId,
      type,
      stateKey: userId,
      sender: userId,
      content: { ...claim.content, ...vouched, membership },
      prevEvents: previous.ids,
      authEvents: authority.ids,
      hashOf: version.hashedReferences ? (id) => previous.hashes.get(id) ?? authority.hashes.get(id) : undefined,
      depth: depthOf(template),
      originServerTs: this.now(),
      eventId: version.eventIds === 'field' ? this.newEventId() : undefined,
    });
    return hashAndSign(version, pdu, this.config.serverName, this.config.signingKey);
  }

  countersign(
    version: RoomVersion,
    { pdu, roomId }: InspectedEvent,
    expected: {
      readonly roomId: string;
      readonly membership: 'invite' | 'join';
      readonly senderServer: string;
      readonly userId: string;
    },
  ): SignedEvent {
    const isExpected =
      pdu.type === 'm.room.member' &&
      roomId === expected.roomId &&
      pdu.state_key === expected.userId &&
      membershipOf(pdu) === expected.membership;
    if (!isExpected) throw new BadJsonError('The event is not what was asked for');
    if (serverNameOf(pdu.sender) !== expected.senderServer) {
      throw new ForbiddenError('The sender is of another server');
    }
    const { serverName, signingKey } = this.config;
    if (expected.membership === 'invite' && serverNameOf(expected.userId) !== serverName) {
      throw new ForbiddenError('The invited user is of another server');
    }
    return addEventSignature(version, pdu, serverName, signingKey);
  }

  private async draft(
    head: RoomHead,
    draft: { readonly type: string; readonly sender: string; readonly stateKey: string; readonly content: JsonObject },
  ): Promise<Pdu> {
    const { version } = head;
    const { stateKey, ...subject } = draft;
    const keys: StateKeyPair[] = [['m.room.create', ''], ...authTypesFor(version, { ...subject, state_key: stateKey })];
    const state = new Map<string, HeadEvent>();
    for (const [type, key] of keys) {
      const event = await this.heads.state(head, type, key);
      if (event !== undefined) state.set(stateMapKey(type, key), event);
    }
    const auth = [...state.values()].filter((event) => !(version.createEventIsRoomId && isCreateEvent(event.pdu)));
    const byId = new Map([...auth, ...head.extremities].map((event) => [event.eventId, event.pdu]));
    const pdu = buildEvent(version, {
      ...draft,
      roomId: head.roomId,
      prevEvents: head.followedBy(this.config.serverName).map((event) => event.eventId),
      authEvents: auth.map((event) => event.eventId),
      hashOf: version.hashedReferences ? (id) => referenceHash(version, byId.get(id)!) : undefined,
      depth: Math.min(head.depth + 1, Number.MAX_SAFE_INTEGER),
      originServerTs: this.now(),
      eventId: version.eventIds === 'field' ? this.newEventId(serverNameOf(draft.sender)) : undefined,
    });
    const create = state.get(stateMapKey('m.room.create', ''));
    checkAuth(version, pdu, (type, key) => state.get(stateMapKey(type, key))?.pdu, create?.pdu);
    return pdu;
  }

  /**
   * Who lets the user into a restricted room: a user of the server that gave the template, whose signature says so. Of ours
   * it cannot be: we sign the join in any case, and would vouch for whom we did not check. SECURITY: row 49.
   */
  private authoriserOf(version: RoomVersion, template: JsonObject): JsonObject {
    const content = ownValue(template, 'content');
    const authoriser = isJsonObject(content) ? ownString(content, AUTHORISER) : undefined;
    if (authoriser === undefined || !version.restrictedJoin) return {};
    if (!isValidUserId(authoriser)) throw new BadJsonError(`${AUTHORISER} of the template is not a user ID`);
    if (serverNameOf(authoriser) === this.config.serverName) {
      throw new BadJsonError(`${AUTHORISER} of the template is a user of this server`);
    }
    return { [AUTHORISER]: authoriser };
  }

  private newEventId(serverName = this.config.serverName): string {
    return `$${randomBytes(18).toString('base64url')}:${serverName}`;
  }
}

/** Spec: server-server, "Joining Rooms": what the joining server MUST verify, whatever it takes from the template. */
function requireClaimed({ roomId, type, userId, membership }: TemplateClaim, template: JsonObject): void {
  const isClaimed =
    ownString(template, 'type') === type &&
    ownString(template, 'room_id') === roomId &&
    ownString(template, 'sender') === userId &&
    ownString(template, 'state_key') === userId &&
    ownString(ownObject(template, 'content'), 'membership') === membership;
  if (!isClaimed) throw new BadJsonError('The template is of another event than the one asked for');
}

interface References {
  readonly ids: readonly string[];
  /** Versions 1 and 2, as far as the template has them: Synapse's have none. */
  readonly hashes: ReadonlyMap<string, string>;
}

function references(version: RoomVersion, template: JsonObject, key: string, limit: number): References {
  const given = ownValue(template, key);
  if (!Array.isArray(given) || given.length > limit) throw new BadJsonError(`${key} of the template is not usable`);
  const hashes = new Map<string, string>();
  const ids = given.map((one) => {
    const id = version.hashedReferences && Array.isArray(one) ? one[0] : one;
    if (!isEventIdOf(version, id)) throw new BadJsonError(`${key} of the template refers to no event`);
    const hash = Array.isArray(one) && isJsonObject(one[1]) ? ownString(one[1], 'sha256') : undefined;
    if (hash !== undefined) hashes.set(id, hash);
    return id;
  });
  return { ids, hashes };
}

function depthOf(template: JsonObject): number {
  const depth = ownValue(template, 'depth');
  if (!Number.isSafeInteger(depth) || (depth as number) < 1)
    throw new BadJsonError('depth of the template is not usable');
  return depth as number;
}
