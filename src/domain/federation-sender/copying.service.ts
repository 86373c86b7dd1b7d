import { serverNameOf } from '#kernel/ids';
import type { Clock } from '#kernel/time';
import type { Tx } from '#platform/storage/storage';
import { Snapshots, stateMapKey, type StateKeyPair } from '../room-state';
import type { AppendedEvent, AppendParticipant, StoredEvent } from '../timeline';
import type { Announced } from './announced.model';
import { CopiesWriter, type Copy } from './copies.repository';
import { Newcomers, type Newcomer } from './newcomers.model';

const memberKey = ({ userId }: Newcomer): StateKeyPair => ['m.room.member', userId];

/**
 * Whoever sends an event sends it to the servers that it knows to be in the room. A server that this one has just let in is
 * not among them until the others have heard of its join: so it gets from here what was said without knowledge of it. The
 * rows are written with the events.
 */
export class Copying implements AppendParticipant {
  private readonly newcomers: Newcomers;

  constructor(
    private readonly serverName: string,
    private readonly announced: Announced,
    private readonly onCopied: (destination: string) => void,
    private readonly now: Clock,
  ) {
    this.newcomers = new Newcomers(now);
  }

  async eventsAppended(tx: Tx, appended: readonly AppendedEvent[]): Promise<void> {
    const entered: Newcomer[] = [];
    const copies = new Map<Newcomer, Copy[]>();
    for (const { event, unfollowed } of appended) {
      // Of old events nobody has to be told.
      if (unfollowed === undefined) continue;
      if (this.announced.isEntry(event.eventId)) {
        const newcomer = this.enteredBy(event);
        entered.push(newcomer);
        for (const end of unfollowed) give(copies, newcomer, end);
      } else if (unfollowed.length > 0 && this.isTheirs(event)) {
        // What follows all there is follows every join, too.
        for (const newcomer of await this.unknownTo(tx, event, entered)) give(copies, newcomer, event);
      }
    }
    if (entered.length === 0 && copies.size === 0) return;
    if (copies.size > 0) await new CopiesWriter(tx).add([...copies.values()].flat(), this.now());
    tx.afterCommit(() => this.committed(entered, copies));
  }

  private enteredBy({ nid, roomNid, sender }: StoredEvent): Newcomer {
    return this.newcomers.by({ server: serverNameOf(sender)!, roomNid, userId: sender, joinNid: nid });
  }

  /** Whether nobody sends it from here: neither is it ours, nor does this server pass it on to all. */
  private isTheirs({ eventId, sender }: StoredEvent): boolean {
    return serverNameOf(sender) !== this.serverName && !this.announced.has(eventId);
  }

  /** The newcomers whose joins are not in the state before an event: by that its sender knew whom to send it to. */
  private async unknownTo(tx: Tx, event: StoredEvent, entered: readonly Newcomer[]): Promise<Newcomer[]> {
    const { roomNid, snapshotBefore } = event;
    const ofRoom = [...this.newcomers.of(roomNid), ...entered.filter((newcomer) => newcomer.roomNid === roomNid)];
    const concerned = ofRoom.filter((newcomer) => mayGet(newcomer, event));
    if (concerned.length === 0) return [];
    const held = await new Snapshots(tx).atMany(snapshotBefore, concerned.map(memberKey));
    // Who knows a member event of the user that is newer than the join knows that one.
    return concerned.filter((newcomer) => (held.get(stateMapKey(...memberKey(newcomer))) ?? 0) < newcomer.joinNid);
  }

  private committed(entered: readonly Newcomer[], copies: ReadonlyMap<Newcomer, readonly Copy[]>): void {
    for (const newcomer of entered) this.newcomers.add(newcomer);
    for (const [newcomer, { length }] of copies) {
      newcomer.left -= length;
      this.onCopied(newcomer.server);
    }
  }
}

/** Nobody gets their own events back, nor one too many. */
function mayGet({ server, left }: Newcomer, { sender }: StoredEvent, given = 0): boolean {
  return given < left && serverNameOf(sender) !== server;
}

/** Has a newcomer get an event that it may get. */
function give(copies: Map<Newcomer, Copy[]>, newcomer: Newcomer, event: StoredEvent): void {
  const given = copies.get(newcomer) ?? [];
  if (!mayGet(newcomer, event, given.length)) return;
  const { nid: eventNid, roomNid } = event;
  copies.set(newcomer, [...given, { destination: newcomer.server, eventNid, roomNid }]);
}
