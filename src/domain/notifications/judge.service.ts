import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import { powerLevels, type PowerLevels } from '#protocol/auth-rules/index';
import { membershipOf, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import type { CompiledRuleset, PushContext } from '#protocol/push-rules/index';
import { roomVersion } from '#protocol/room-versions';
import type { AccountData } from '../account-data';
import type { Membership } from '../membership';
import type { PushRules } from '../push-rules';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { Checkpoint } from './checkpoint.model';
import type { Subject } from './room-pages.service';

/** All that judging a stretch of one room for one user needs, read once for the stretch. */
interface Bench {
  readonly userId: string;
  readonly rules: CompiledRuleset;
  readonly ignored: ReadonlySet<string>;
  readonly displayName: string | undefined;
  readonly memberCount: number;
  readonly levels: PowerLevels | undefined;
}

/** Applies a user's push rules to events. Spec: client-server, "Push Rules" and "Receiving notifications". */
export class Judge {
  private readonly levels = new LRUCache<number, PowerLevels>(atMost(5_000));

  constructor(
    private readonly deps: {
      readonly accountData: Pick<AccountData, 'ignoredUsers'>;
      readonly pushRules: Pick<PushRules, 'rulesFor'>;
      readonly timeline: Pick<Timeline, 'currentState' | 'event'>;
      readonly membership: Pick<Membership, 'counts'>;
    },
  ) {}

  /** Carries a checkpoint on over the events that follow it, in their order. */
  async judge(checkpoint: Checkpoint, userId: string, room: RoomInfo, subjects: readonly Subject[]): Promise<void> {
    const bench = await this.bench(userId, room);
    for (const subject of subjects) {
      checkpoint.judgedTo = subject.event.ordinal;
      if (subject.event.type === 'm.room.redaction') await this.takeBack(checkpoint, subject.event);
      judgeOne(checkpoint, subject, bench);
    }
    checkpoint.keepNewest();
  }

  /** A redacted event notifies nobody any more. */
  private async takeBack(checkpoint: Checkpoint, { pdu }: StoredEvent): Promise<void> {
    const target = ownString(pdu, 'redacts') ?? ownString((pdu as Pdu).content, 'redacts');
    if (target === undefined || !checkpoint.has(target)) return;
    if (((await this.deps.timeline.event(target))?.redactedByNid ?? null) !== null) checkpoint.remove(target);
  }

  private async bench(userId: string, room: RoomInfo): Promise<Bench> {
    const { accountData, pushRules, timeline, membership } = this.deps;
    const [rules, ignored, member, counts, levels] = await Promise.all([
      pushRules.rulesFor(userId),
      accountData.ignoredUsers(userId),
      timeline.currentState(room, 'm.room.member', userId),
      membership.counts(room),
      this.levelsOf(room),
    ]);
    const displayName = member && ownString((member.pdu as Pdu).content, 'displayname');
    return { userId, rules, ignored, displayName, memberCount: counts.joined, levels };
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

function judgeOne(checkpoint: Checkpoint, { event, form, thread }: Subject, bench: Bench): void {
  const { userId } = bench;
  if (event.type === 'm.room.member' && event.stateKey === userId) return moved(checkpoint, event);
  if (checkpoint.away) return;
  if (event.sender === userId) {
    // Sending an event says that one has read up to it; taking one back says nothing.
    if (event.stateKey === null && event.type !== 'm.room.redaction') checkpoint.clearThread(thread);
    return;
  }
  if (event.redactedByNid !== null || (event.stateKey === null && bench.ignored.has(event.sender))) return;
  const outcome = bench.rules.evaluate(form, contextOf(bench, event.sender));
  if (outcome?.notify !== true) return;
  checkpoint.add({ ordinal: event.ordinal, eventId: event.eventId, thread, highlight: outcome.highlight });
}

/** Who leaves has nothing unread, and begins anew with the next join. */
function moved(checkpoint: Checkpoint, event: StoredEvent): void {
  const joined = membershipOf(event.pdu as Pdu) === 'join';
  if (!joined || checkpoint.away) checkpoint.clear();
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
