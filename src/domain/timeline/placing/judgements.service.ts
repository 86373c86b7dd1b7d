import { ForbiddenError, type MatrixError } from '#kernel/errors';
import type { Pdu } from '#protocol/events/index';
import type { Apart } from './apart.model';
import type { EventJudge } from './event-judge.service';
import type { HistoryPlace } from './history-places.service';
import { pdusOf, withAuthority, type Entries } from './judging.model';
import type { Incoming } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { StoredEvent } from '../timeline.model';

/** What an event was found to be, and why it is refused or held back. */
export interface Judgement {
  readonly kind: Incoming['kind'];
  readonly problem: MatrixError | undefined;
}

/**
 * Judges events from elsewhere by checks 4 to 7: by what authorises them, by the state before them, by the room's present
 * state, by its policy server. Spec: server-server, "Checks performed on receipt of a PDU".
 */
export class Judgements {
  constructor(
    private readonly heads: Pick<RoomHeads, 'entries'>,
    private readonly judge: EventJudge,
  ) {}

  /**
   * What somebody here asked for as history is not news, so that the room's present does not judge it.
   * @param entries of the state before the event, what matters to it
   * @param history its place, when it is shown before others that are there
   */
  async of(
    head: RoomHead,
    apart: Apart,
    entries: ReadonlyMap<string, StoredEvent>,
    history: HistoryPlace | undefined,
  ): Promise<Judgement> {
    const { event, options } = apart;
    const rejection = this.rejection(head, apart, entries);
    if (rejection !== undefined) return { kind: 'rejected', problem: rejection };
    if (options.history !== undefined) return { kind: 'history', problem: undefined };
    const current = inForce(apart, await this.heads.entries(head, this.judge.keysFor(head.version, event.pdu)));
    const failure = options.policyRefusal ?? this.byState(head, apart, current);
    if (failure !== undefined) return { kind: 'soft_failed', problem: failure };
    return { kind: history === undefined ? 'live' : 'history', problem: undefined };
  }

  private rejection(
    head: RoomHead,
    apart: Apart,
    entries: ReadonlyMap<string, StoredEvent>,
  ): ForbiddenError | undefined {
    const { event, around, outlier } = apart;
    if (outlier?.rejected === true) return new ForbiddenError('The event was rejected before');
    return (
      this.judge.byAuthEvents(head.version, event, around.auth, around.create) ??
      this.byState(head, apart, inForce(apart, entries))
    );
  }

  private byState(head: RoomHead, { event, around }: Apart, entries: Entries): ForbiddenError | undefined {
    return this.judge.byState(head.version, event.pdu, entries, around.create?.pdu);
  }
}

/** What a state is taken to have: where the room's states lack members, those that the event names as authority too. */
function inForce({ around, options }: Apart, entries: ReadonlyMap<string, { readonly pdu: object }>): Map<string, Pdu> {
  if (options.partial !== true) return pdusOf(entries);
  return withAuthority(
    entries,
    around.auth.filter(({ pdu }) => pdu.type === 'm.room.member'),
  );
}
