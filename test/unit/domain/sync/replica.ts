import type { RoomInfo } from '../../../../src/domain/room-state';
import type { SyncAnswer } from '../../../../src/domain/sync';
import { stateMapKey } from '../../../../src/domain/room-state';
import type { ClientEvent } from '#protocol/events/index';
import type { Client, House } from './house';

interface RoomCopy {
  /** Event ids in the order in which the client has them. */
  events: string[];
  /** Event id by type and state key. */
  state: Map<string, string>;
}

type RoomAnswer = NonNullable<NonNullable<SyncAnswer['rooms']>['leave']>[string];

/** What a careful client makes of its syncs: every room's events, gaps filled by paging back, and its state. */
export class Replica {
  readonly rooms = new Map<string, RoomCopy>();

  constructor(
    private readonly house: House,
    private readonly client: Client,
    private readonly known: readonly RoomInfo[],
    private readonly wanted: (event: ClientEvent) => boolean,
  ) {}

  async sync(timeoutMs: number): Promise<void> {
    const { rooms = {} } = await this.client.sync({ timeoutMs });
    for (const [roomId, answer] of Object.entries({ ...rooms.leave, ...rooms.join })) await this.take(roomId, answer);
  }

  private async take(roomId: string, { timeline, state, state_after }: RoomAnswer): Promise<void> {
    const copy = this.rooms.get(roomId) ?? { events: [], state: new Map<string, string>() };
    this.rooms.set(roomId, copy);
    if (timeline!.limited || copy.events.length === 0) {
      copy.events.push(...(await this.gap(roomId, timeline!.prev_batch!, copy.events.at(-1))));
    }
    copy.events.push(...timeline!.events.map((event) => event.event_id));
    for (const event of state_after?.events ?? [...state!.events, ...timeline!.events]) {
      if (event.state_key !== undefined) copy.state.set(stateMapKey(event.type, event.state_key), event.event_id);
    }
  }

  /** As `/messages` reads: from a place back to the last event that the client has, in pages. */
  private async gap(roomId: string, place: string, last: string | undefined): Promise<string[]> {
    const room = this.known.find((candidate) => candidate.roomId === roomId)!;
    const end = last === undefined ? undefined : (await this.house.timeline.event(last))!.ordinal;
    const found: string[] = [];
    for (let from = Number(place.slice(1)) + 1; ;) {
      const page = await this.house.timeline.range(room, { from, to: end, direction: 'b', limit: 3 });
      const seen = await this.house.eventViews.forUser(this.client.requester.userId, room, page);
      found.push(...seen.filter(this.wanted).map((event) => event.event_id));
      if (page.length < 3) return found.reverse();
      from = page.at(-1)!.ordinal;
    }
  }
}
