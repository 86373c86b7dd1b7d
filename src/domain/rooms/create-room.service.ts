import { InvalidParamError } from '#kernel/errors';
import { parseRoomAlias, serverNameOf } from '#kernel/ids';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Tx } from '#platform/storage/storage';
import { ownValue } from '#protocol/json-access';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import { AliasInUseError, BadAliasError, type Directory } from '../directory';
import type { Membership } from '../membership';
import type { RoomInfo } from '../room-state';
import { RoomRulesError, type Timeline } from '../timeline';
import { hasTombstoneLevel, newPowerLevels, presetState, withTombstoneLevel } from './presets.model';
import type { RoomsConfig } from './rooms.config';
import { InvalidRoomStateError, RoomInUseError, ThirdPartyInvitesDeniedError } from './rooms.errors';
import type { CreateRoomRequest, InitialState, RoomPreset } from './rooms.model';

/** Each becomes an event of one transaction. */
const MAX_ENTRIES = 1_000;

/** Everything that was checked and filled in before the first event is made. */
interface Plan {
  readonly version: RoomVersion;
  readonly creator: string;
  readonly preset: RoomPreset;
  readonly invited: readonly string[];
  readonly alias: string | undefined;
  readonly request: CreateRoomRequest;
}

const POWER_LEVELS = 'm.room.power_levels';
const CANONICAL_ALIAS = 'm.room.canonical_alias';

/** Makes rooms: all events, the alias and the listing in one transaction. */
export class RoomCreation {
  constructor(
    private readonly config: RoomsConfig,
    private readonly timeline: Timeline,
    private readonly membership: Membership,
    private readonly directory: Directory,
  ) {}

  /**
   * Makes a room; its id. Spec: client-server API, `POST /createRoom`.
   * @throws UnsupportedRoomVersionError, RoomInUseError, InvalidRoomStateError, ThirdPartyInvitesDeniedError,
   * InviteBlockedError, ForbiddenError, InvalidParamError; what servers of invited users said, with the room made
   */
  async create(requester: Requester, request: CreateRoomRequest): Promise<string> {
    const plan = await this.plan(requester, request);
    const drafts = await this.drafts(plan);
    try {
      const { room } = await this.timeline.createRoom({
        version: plan.version.id,
        sender: plan.creator,
        createContent: createContent(plan),
        drafts,
        within: (tx, made) => this.list(tx, requester, plan, made),
      });
      await this.inviteElsewhere(requester, room.roomId, plan);
      return room.roomId;
    } catch (error) {
      if (error instanceof AliasInUseError) throw new RoomInUseError(plan.alias!);
      if (error instanceof RoomRulesError) throw new InvalidRoomStateError(error.message);
      throw error;
    }
  }

  private async plan(requester: Requester, request: CreateRoomRequest): Promise<Plan> {
    await this.membership.checkSuspension(requester.userId);
    const version = roomVersion(request.room_version ?? this.config.defaultVersion);
    if ((request.invite_3pid ?? []).length > 0) throw new ThirdPartyInvitesDeniedError();
    const creator = requester.userId;
    checkCount('invite', request.invite);
    checkCount('initial_state', request.initial_state);
    const invited = [...new Set(request.invite ?? [])].filter((userId) => userId !== creator);
    for (const userId of invited) await this.membership.checkInvite(creator, userId);
    const alias = this.aliasOf(request);
    if (alias !== undefined && (await this.directory.aliases.isTaken(alias))) throw new RoomInUseError(alias);
    checkInitialState(request, alias);
    const preset = request.preset ?? (request.visibility === 'public' ? 'public_chat' : 'private_chat');
    return { version, creator, preset, invited, alias, request };
  }

  private aliasOf({ room_alias_name: name }: CreateRoomRequest): string | undefined {
    if (name === undefined) return undefined;
    if (name === '' || /[\s:]/.test(name))
      throw new InvalidParamError('room_alias_name: not the localpart of an alias');
    const alias = `#${name}:${this.config.serverName}`;
    parseRoomAlias(alias);
    return alias;
  }

  /** The events after the create event, in the order of the specification. */
  private async drafts(plan: Plan) {
    const { alias, creator, invited, preset, request } = plan;
    const initial = request.initial_state ?? [];
    const isSetLater = ({ type }: InitialState) => initial.some((entry) => entry.type === type && isUnkeyed(entry));
    const states: InitialState[] = [
      { type: 'm.room.member', state_key: creator, content: await this.memberContent(creator, { membership: 'join' }) },
      { type: POWER_LEVELS, content: powerLevelContent(plan) },
      ...(alias === undefined ? [] : [{ type: CANONICAL_ALIAS, content: { alias } }]),
      ...presetState(preset).filter((entry) => !isSetLater(entry)),
      ...initial.filter((entry) => entry.type !== POWER_LEVELS || !isUnkeyed(entry)),
      ...naming(request),
    ];
    for (const userId of invited) {
      if (serverNameOf(userId) !== this.config.serverName) continue;
      const direct: JsonObject = request.is_direct === true ? { is_direct: true } : {};
      const content = await this.memberContent(userId, { membership: 'invite', ...direct });
      states.push({ type: 'm.room.member', state_key: userId, content });
    }
    return states.map(({ type, state_key: stateKey = '', content }) => ({ type, stateKey, content }));
  }

  /**
   * Users of other servers are invited once the room is there, all at the same time. The room stays when one cannot be, but
   * its maker is told: whoever opens a chat with somebody must not go on talking to nobody.
   * @throws what the first of them that could not be invited met with
   */
  private async inviteElsewhere(requester: Requester, roomId: string, { invited, request }: Plan): Promise<void> {
    const others = invited.filter((userId) => serverNameOf(userId) !== this.config.serverName);
    const options = request.is_direct === true ? { isDirect: true } : {};
    const invite = (userId: string) => this.membership.invite(requester, roomId, userId, options);
    const outcomes = await Promise.allSettled(others.map(invite));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  private async memberContent(userId: string, content: JsonObject): Promise<JsonObject> {
    return { ...(await this.membership.shownProfile(userId)), ...content };
  }

  /** Claims the alias and lists the room, in the transaction that makes it. */
  private async list(tx: Tx, requester: Requester, { alias, creator, request }: Plan, room: RoomInfo): Promise<void> {
    if (alias !== undefined) await this.directory.aliases.claim(tx, alias, room.nid, creator);
    if (request.visibility === 'public') await this.directory.publicRooms.publish(tx, requester, room.nid);
  }
}

/** `creator` and `room_version` are the server's to set; the timeline does, by version. */
function createContent({ version, preset, invited, request }: Plan): JsonObject {
  const { creator: _creator, room_version: _version, ...content } = request.creation_content ?? {};
  if (!version.privilegedCreators || preset !== 'trusted_private_chat' || invited.length === 0) return content;
  const { additional_creators: named = [], ...rest } = content;
  // A list that is no list is left as it is, for the room's rules to refuse.
  const creators = Array.isArray(named) ? [...new Set([...named, ...invited])] : named;
  return { ...rest, additional_creators: creators };
}

function powerLevelContent({ version, creator, preset, invited, request }: Plan): JsonObject {
  const trusted = preset === 'trusted_private_chat' ? invited : [];
  const users = version.privilegedCreators ? [] : [creator, ...trusted];
  const given = request.initial_state?.find((entry) => entry.type === POWER_LEVELS && isUnkeyed(entry));
  const override = request.power_level_content_override;
  const content: JsonObject = { ...(given?.content ?? newPowerLevels(version, preset, users)), ...override };
  const isEndNamed = [override, given?.content].some((asked) => hasTombstoneLevel(asked));
  return version.privilegedCreators && !isEndNamed ? withTombstoneLevel(content) : content;
}

function naming({ name, topic }: CreateRoomRequest): InitialState[] {
  const states: InitialState[] = [];
  if (name !== undefined) states.push({ type: 'm.room.name', content: { name } });
  if (topic !== undefined) {
    states.push({ type: 'm.room.topic', content: { topic, 'm.topic': { 'm.text': [{ body: topic }] } } });
  }
  return states;
}

/** Memberships come about by joining and inviting, and aliases must lead here. */
function checkInitialState({ initial_state: initial = [] }: CreateRoomRequest, alias: string | undefined): void {
  for (const entry of initial) {
    if (entry.type === 'm.room.member') throw new InvalidRoomStateError('initial_state cannot contain memberships');
    if (entry.type !== CANONICAL_ALIAS) continue;
    const { content } = entry;
    const alternatives = ownValue(content, 'alt_aliases');
    const named = [ownValue(content, 'alias'), ...(Array.isArray(alternatives) ? alternatives : [])];
    for (const other of named) {
      if (typeof other === 'string' && other !== '' && other !== alias) throw new BadAliasError(other);
    }
  }
}

function checkCount(name: string, list: readonly unknown[] = []): void {
  if (list.length > MAX_ENTRIES) throw new InvalidParamError(`${name}: more than ${MAX_ENTRIES} entries`);
}

function isUnkeyed(entry: InitialState): boolean {
  return (entry.state_key ?? '') === '';
}
