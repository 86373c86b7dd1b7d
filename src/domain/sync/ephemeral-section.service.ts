import type { ReceiptContent, Receipts } from '#domain/receipts';
import type { RoomInfo } from '#domain/room-state';
import type { Typing } from '#domain/typing';
import type { PlainEvent, Reading } from './sync.model';

/** What is passing in rooms: receipts and typing. One statement for the receipts of all rooms together. */
export class EphemeralSection {
  constructor(
    private readonly receipts: Pick<Receipts, 'mayHaveChanged' | 'changedSince' | 'initial'>,
    private readonly typing: Pick<Typing, 'current' | 'changedSince'>,
  ) {}

  /** Whether a room can have something new; reads nothing. */
  mayHaveChanged({ window }: Reading, roomId: string): boolean {
    const { since } = window;
    if (since === undefined) return true;
    return this.typing.changedSince(roomId, since) || this.receipts.mayHaveChanged(roomId, since);
  }

  /** Receipts of rooms by room number: what moved, and in rooms new to the client the recent ones. */
  async receiptsOf(
    { requester, window }: Reading,
    known: readonly RoomInfo[],
    unknown: readonly RoomInfo[],
  ): Promise<Map<number, ReceiptContent>> {
    const { since, until } = window;
    const [changed, initial] = await Promise.all([
      since === undefined || known.length === 0
        ? new Map<number, ReceiptContent>()
        : this.receipts.changedSince(known, requester.userId, since, until),
      unknown.length === 0
        ? new Map<number, ReceiptContent>()
        : this.receipts.initial(
            unknown.map((room) => room.nid),
            requester.userId,
          ),
    ]);
    return new Map([...changed, ...initial]);
  }

  /** The ephemeral events of one room that the filter lets through. */
  eventsOf(reading: Reading, room: RoomInfo, receipts: ReceiptContent | undefined, isNew: boolean): PlainEvent[] {
    const { ephemeral } = reading.filter;
    const { since } = reading.window;
    if (!ephemeral.allowsRoom(room.roomId)) return [];
    const events: PlainEvent[] = [];
    if (receipts !== undefined) events.push({ type: 'm.receipt', content: receipts });
    const typing = this.typing.current(room.roomId);
    const told = since !== undefined && !isNew;
    if (told ? this.typing.changedSince(room.roomId, since) : typing.length > 0) {
      events.push({ type: 'm.typing', content: { user_ids: typing } });
    }
    return events.filter((event) => ephemeral.matches(event));
  }
}

/** Whether an `m.receipt` content holds a receipt of the user, which changes what is unread. */
export function hasReceiptOf(content: ReceiptContent | undefined, userId: string): boolean {
  if (content === undefined) return false;
  return Object.values(content).some((types) => Object.values(types).some((users) => Object.hasOwn(users, userId)));
}
