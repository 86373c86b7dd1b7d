import { prevEventIds, type SignedEvent } from '#protocol/events/index';
import type { Committer } from '../writing/committer.service';
import type { EventJudge } from './event-judge.service';
import { pdusOf } from './judging.model';
import type { Placed, PlacingOptions } from './placing.model';
import type { PreparedEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { Surroundings } from './surroundings.service';

/** Places the usual event, which follows all that is there: it is judged on the head and waits for no commit. */
export class PlainPlacing {
  constructor(
    private readonly heads: RoomHeads,
    private readonly judge: EventJudge,
    private readonly committer: Committer,
  ) {}

  /** The state before the event is the current one. Undefined when that refuses it: what it is then, others find out. */
  async place(
    head: RoomHead,
    event: SignedEvent,
    around: Surroundings,
    { transaction }: PlacingOptions,
  ): Promise<Placed | undefined> {
    const { pdu, eventId, json } = event;
    if (this.judge.byAuthEvents(head.version, event, around.auth, around.create) !== undefined) return undefined;
    const entries = await this.heads.entries(head, this.judge.keysFor(head.version, pdu));
    if (this.judge.byState(head.version, pdu, pdusOf(entries), around.create?.pdu) !== undefined) return undefined;
    const stateKey = pdu.state_key;
    const prepared: PreparedEvent = {
      eventId,
      pdu,
      json,
      ordinal: head.ordinal + 1,
      depthBefore: head.depth,
      previous: head.extremities,
      replaces: stateKey === undefined ? undefined : await this.heads.state(head, pdu.type, stateKey),
      redacts: undefined,
      auth: stateKey === undefined ? [] : around.auth.map((auth) => auth.head),
    };
    head.advance(prepared);
    return { status: 'accepted', written: this.committer.appendOne(head, prepared, transaction) };
  }
}

/** Whether an event follows all that is there, in the usual way. */
export function isPlain(
  head: RoomHead,
  { pdu }: SignedEvent,
  { fetched, history, policyRefusal, partial }: PlacingOptions,
): boolean {
  return (
    head.isFollowedBy(prevEventIds(pdu)) &&
    pdu.type !== 'm.room.redaction' &&
    partial !== true &&
    [fetched, history, policyRefusal].every((one) => one === undefined)
  );
}
