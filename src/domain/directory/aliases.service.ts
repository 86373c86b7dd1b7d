import type { ResolvedAlias } from './directory.model';
import { ForbiddenError, InvalidParamError, MatrixError, NotFoundError } from '#kernel/errors';
import { parseRoomAlias } from '#kernel/ids';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import type { JsonObject } from '#kernel/json';
import type { Storage, Tx } from '#platform/storage/storage';
import type { Pdu } from '#protocol/events/index';
import { ownValue } from '#protocol/json-access';
import { historyVisibilityOf } from '#protocol/visibility';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState } from '../room-state';
import type { DraftRule, EventDraft, Timeline } from '../timeline';
import { AliasesReader, AliasesWriter, type RoomAlias } from './aliases.repository';
import type { DirectoryConfig } from './directory.config';
import { AliasInUseError, BadAliasError } from './directory.errors';
import type { RemoteDirectory } from './directory.ports';
import type { RoomModeration } from './room-moderation.service';

/** Servers named beside an alias; who wants to join needs one that answers. */
const MAX_SERVERS = 20;
const CANONICAL_ALIAS = 'm.room.canonical_alias';

/** Aliases of this server. Spec: client-server, "Room Aliases". */
export class Aliases implements DraftRule {
  private remote: RemoteDirectory | undefined;
  private readonly reader: AliasesReader;

  constructor(
    private readonly config: DirectoryConfig,
    private readonly storage: Storage,
    private readonly deps: {
      readonly roomState: Pick<RoomState, 'info' | 'infoByNid'>;
      readonly timeline: Pick<Timeline, 'currentState' | 'send'>;
      readonly membership: Pick<Membership, 'of' | 'servers'>;
      readonly moderation: RoomModeration;
      readonly now: Clock;
    },
  ) {
    this.reader = new AliasesReader(storage);
  }

  /** Binds who asks other servers about their aliases. Called while composing. */
  bind(remote: RemoteDirectory): void {
    this.remote = remote;
  }

  /** @throws InvalidParamError for a malformed alias; NotFoundError when it leads nowhere */
  async resolve(alias: string): Promise<ResolvedAlias> {
    const { serverName } = parseRoomAlias(alias);
    if (serverName !== this.config.serverName && this.remote !== undefined) return this.remote.resolve(alias);
    const found = await this.reader.find(alias);
    const room = found && (await this.deps.roomState.infoByNid([found.roomNid])).get(found.roomNid);
    if (room === undefined) throw new NotFoundError(`Room alias ${alias} not found`);
    const others = await this.deps.membership.servers.toAsk(room, MAX_SERVERS);
    return { roomId: room.roomId, servers: [this.config.serverName, ...others] };
  }

  /**
   * Gives a room that the requester has joined an alias.
   * @throws AliasInUseError, InvalidParamError for an alias of another server, ForbiddenError
   */
  async set(requester: Requester, alias: string, roomId: string): Promise<void> {
    this.checkLocal(alias);
    const member = await this.deps.membership.of(requester.userId, roomId);
    if (member?.membership !== 'join') throw new ForbiddenError('You must be in the room to give it an alias');
    await this.storage.write((tx) => this.claim(tx, alias, member.roomNid, requester.userId));
  }

  /**
   * Takes an alias for a room within the caller's transaction, such as that of a new room.
   * @throws AliasInUseError: the unique key decides
   */
  async claim(tx: Tx, alias: string, roomNid: number, creator: string): Promise<void> {
    this.checkLocal(alias);
    const added = await new AliasesWriter(tx).add({ alias, roomNid, creator, createdTs: this.deps.now() });
    if (!added) throw new AliasInUseError(alias);
  }

  /** Whether an alias is taken. For an early answer only; {@link claim} decides. */
  async isTaken(alias: string): Promise<boolean> {
    return (await this.reader.find(alias)) !== undefined;
  }

  /**
   * Deletes an alias, and takes it out of the room's canonical alias event when the requester may change that.
   * @throws NotFoundError; ForbiddenError unless the requester made the alias, manages the room or the server
   */
  async remove(requester: Requester, alias: string): Promise<void> {
    this.checkLocal(alias);
    const found = await this.reader.find(alias);
    if (found === undefined) throw new NotFoundError(`Room alias ${alias} not found`);
    const room = (await this.deps.roomState.infoByNid([found.roomNid])).get(found.roomNid);
    if (!(await this.mayRemove(requester, found, room))) throw new ForbiddenError('You may not delete this alias');
    await this.storage.write((tx) => new AliasesWriter(tx).remove(alias));
    if (room !== undefined) await this.forgetCanonical(requester, room, alias);
  }

  /** Local aliases of a room. @throws ForbiddenError to those who are not in it, unless anybody may read it */
  async ofRoom(requester: Requester, roomId: string): Promise<string[]> {
    const room = await this.deps.roomState.info(roomId);
    if (room === undefined || !(await this.maySee(requester, room))) {
      throw new ForbiddenError('You are not a member of the room');
    }
    return this.reader.ofRoom(room.nid);
  }

  /** New aliases in a canonical alias event must lead to the room; those it has already may stay. */
  async checkDraft(_requester: Requester, room: RoomInfo, { type, stateKey, content }: EventDraft): Promise<void> {
    if (type !== CANONICAL_ALIAS || stateKey !== '') return;
    checkShape(content);
    const before = new Set(aliasesIn((await this.deps.timeline.currentState(room, CANONICAL_ALIAS, ''))?.pdu));
    for (const alias of aliasesIn({ content })) {
      if (before.has(alias)) continue;
      if (!(await this.leadsTo(alias, room))) throw new BadAliasError(alias);
    }
  }

  private async leadsTo(alias: string, room: RoomInfo): Promise<boolean> {
    try {
      return (await this.resolve(alias)).roomId === room.roomId;
    } catch (error) {
      if (error instanceof InvalidParamError || !(error instanceof MatrixError)) throw error;
      return false;
    }
  }

  private checkLocal(alias: string): void {
    const { serverName } = parseRoomAlias(alias);
    if (serverName !== this.config.serverName) throw new InvalidParamError('Room alias must be of this server');
  }

  private async mayRemove(requester: Requester, alias: RoomAlias, room: RoomInfo | undefined): Promise<boolean> {
    if (alias.creator === requester.userId || requester.isAdmin) return true;
    return room !== undefined && this.deps.moderation.mayManage(requester, room);
  }

  private async maySee(requester: Requester, room: RoomInfo): Promise<boolean> {
    if (requester.isAdmin) return true;
    const member = await this.deps.membership.of(requester.userId, room.roomId);
    if (member?.membership === 'join') return true;
    const visibility = await this.deps.timeline.currentState(room, 'm.room.history_visibility', '');
    return visibility !== undefined && historyVisibilityOf(visibility.pdu as Pdu) === 'world_readable';
  }

  /** The alias is gone even when the requester may not change the event. */
  private async forgetCanonical(requester: Requester, room: RoomInfo, alias: string): Promise<void> {
    const event = await this.deps.timeline.currentState(room, CANONICAL_ALIAS, '');
    if (event === undefined || event.redactedByNid !== null || !aliasesIn(event.pdu).includes(alias)) return;
    const content = withoutAlias((event.pdu as Pdu).content, alias);
    try {
      await this.deps.timeline.send(requester, { roomId: room.roomId, type: CANONICAL_ALIAS, stateKey: '', content });
    } catch (error) {
      if (!(error instanceof ForbiddenError)) throw error;
    }
  }
}

/** All aliases that a canonical alias event names. */
function aliasesIn(event: { readonly content?: unknown } | JsonObject | undefined): string[] {
  const content = (event?.content ?? {}) as { alias?: unknown; alt_aliases?: unknown };
  const alternatives: unknown[] = Array.isArray(content.alt_aliases) ? content.alt_aliases : [];
  return [content.alias, ...alternatives].filter((alias): alias is string => typeof alias === 'string' && alias !== '');
}

/** Without an alias, with null or an empty text a room has none. Spec: client-server, `m.room.canonical_alias`. */
function checkShape(content: JsonObject): void {
  const alias = ownValue(content, 'alias') ?? '';
  const alternatives = ownValue(content, 'alt_aliases') ?? [];
  if (typeof alias !== 'string') throw new InvalidParamError('alias: must be a string');
  if (!Array.isArray(alternatives) || !alternatives.every((other) => typeof other === 'string')) {
    throw new InvalidParamError('alt_aliases: must be a list of strings');
  }
}

function withoutAlias(content: JsonObject, alias: string): JsonObject {
  const { alias: canonical, alt_aliases: alternatives, ...rest } = content;
  const kept = Array.isArray(alternatives) ? alternatives.filter((other) => other !== alias) : [];
  return {
    ...rest,
    ...(canonical === undefined || canonical === alias ? {} : { alias: canonical }),
    ...(kept.length === 0 ? {} : { alt_aliases: kept }),
  };
}
