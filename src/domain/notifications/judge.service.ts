import { LRUCache } from 'lru-cache';
import { powerLevels, type PowerLevels } from '#protocol/auth-rules/index';
import { formatClientEvent, membershipOf, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import type { CompiledRuleset, PushContext } from '#protocol/push-rules/index';
import { roomVersion } from '#protocol/room-versions';
import type { AccountData } from '../account-data';
import type { Membership } from '../membership';
import type { PushRules } from '../push-rules';
import type { Relations } from '../relations';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { MAIN_THREAD, MAX_UNREAD, type Checkpoint } from './notifications.model';

/** All that judging a stretch of one room for one user needs, read once for the stretch. */
interface Bench {
  readonly userId: string;
  readonly rules: CompiledRuleset;
  readonly ignored: ReadonlySet<string>;
  readonly displayName: string | undefined;
  readonly memberCount: number;
  readonly levels: PowerLevels | undefined;
  readonly threads: ReadonlyMap<number, string>;
}

/** Applies a user's push rules to events. Spec: client-server, "Push Rules" and "Receiving notifications". */
export class Judge {
  private readonly levels = new LRUCache<number, PowerLevels>({ max: 5_000 });

  constructor(
    private readonly deps: {
      readonly accountData: Pick<AccountData, 'ignoredUsers'>;
      readonly pushRules: Pick<PushRules, 'rulesFor'>;
      readonly timeline: Pick<Timeline, 'currentState' | 'event'>;
      readonly membership: Pick<Membership, 'counts'>;
      readonly relations: Pick<Relations, 'threadsOf'>;
    },
  ) {}

  /** Carries a checkpoint on over the events that follow it, in their order. */
  async judge(checkpoint: Checkpoint, userId: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<void> {
    const bench = await this.bench(userId, room, events);
    for (const event of events) await this.judgeOne(checkpoint, event, bench);
    if (checkpoint.unread.length > MAX_UNREAD) checkpoint.unread = checkpoint.unread.slice(-MAX_UNREAD);
  }

  private async judgeOne(checkpoint: Checkpoint, event: StoredEvent, bench: Bench): Promise<void> {
    const { userId } = bench;
    checkpoint.judgedTo = event.ordinal;
    if (event.type === 'm.room.member' && event.stateKey === userId) return moved(checkpoint, event);
    if (checkpoint.away) return;
    if (event.type === 'm.room.redaction') await this.takeBack(checkpoint, event);
    const thread = bench.threads.get(event.nid) ?? MAIN_THREAD;
    // Sending an event says that one has read up to it.
    if (event.sender === userId && event.stateKey === null) {
      checkpoint.unread = checkpoint.unread.filter((unread) => unread.thread !== thread);
    }
    const isHidden = event.redactedByNid !== null || (event.stateKey === null && bench.ignored.has(event.sender));
    if (event.sender === userId || isHidden) return;
    const { eventId, ordinal, roomId } = event;
    const subject = formatClientEvent({ pdu: event.pdu as Pdu, eventId, roomId });
    const outcome = bench.rules.evaluate(subject, contextOf(bench, event.sender));
    if (outcome?.notify === true) checkpoint.unread.push({ ordinal, eventId, thread, highlight: outcome.highlight });
  }

  /** A redacted event notifies nobody any more. */
  private async takeBack(checkpoint: Checkpoint, { pdu }: StoredEvent): Promise<void> {
    const target = ownString(pdu, 'redacts') ?? ownString((pdu as Pdu).content, 'redacts');
    if (!checkpoint.unread.some((unread) => unread.eventId === target)) return;
    if (((await this.deps.timeline.event(target!))?.redactedByNid ?? null) === null) return;
    checkpoint.unread = checkpoint.unread.filter((unread) => unread.eventId !== target);
  }

  private async bench(userId: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<Bench> {
    const { accountData, pushRules, timeline, membership, relations } = this.deps;
    const [rules, ignored, member, counts, levels, threads] = await Promise.all([
      pushRules.rulesFor(userId),
      accountData.ignoredUsers(userId),
      timeline.currentState(room, 'm.room.member', userId),
      membership.counts(room),
      this.levelsOf(room),
      relations.threadsOf(events),
    ]);
    const displayName = member && ownString((member.pdu as Pdu).content, 'displayname');
    return { userId, rules, ignored, displayName, memberCount: counts.joined, levels, threads };
  }

  private async levelsOf(room: RoomInfo): Promise<PowerLevels | undefined> {
    const [create, set] = await Promise.all([
      this.deps.timeline.currentState(room, 'm.room.create', ''),
      this.deps.timeline.currentState(room, 'm.room.power_levels', ''),
    ]);
    if (create === undefined) return undefined;
    const key = set?.nid ?? create.nid;
    const levels =
      this.levels.get(key) ?? powerLevels(roomVersion(room.version), create.pdu as Pdu, set?.pdu as Pdu | undefined);
    this.levels.set(key, levels);
    return levels;
  }
}

/** Who leaves has nothing unread, and begins anew with the next join. */
function moved(checkpoint: Checkpoint, event: StoredEvent): void {
  const joined = membershipOf(event.pdu as Pdu) === 'join';
  if (!joined || checkpoint.away) checkpoint.unread = [];
  checkpoint.away = !joined;
}

function contextOf({ userId, displayName, memberCount, levels }: Bench, sender: string): PushContext {
  return {
    userId,
    displayName,
    memberCount,
    get senderLevel() {
      return levels?.userLevel(sender) ?? 0;
    },
    notificationLevel: (key) => levels?.notification(key) ?? 50,
  };
}
