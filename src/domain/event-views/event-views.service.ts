import type { Clock } from '#kernel/time';
import type { AccountData } from '../account-data';
import type { Membership } from '../membership';
import type { Relations } from '../relations';
import type { RoomInfo, RoomState } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { formatStrippedState, type ClientEvent, type StrippedState } from '#protocol/events/index';
import type { Projection } from '#protocol/filters/index';
import { Bundles } from './bundles.service';
import { EventForms, readable, type EventForm } from './event-form.service';
import { MemberHistory, type RoomReader } from './member-history.service';
import { Visibility } from './visibility.service';

export interface ViewOptions extends EventForm {
  /** Adds `m.relations`: on pages of history and limited timelines, not elsewhere. */
  readonly bundled?: boolean;
  /** Of a filter's `event_fields`. */
  readonly project?: Projection;
}

/**
 * The only way an event reaches a client: what the reader may see, as the reader may see it. All calls are about events of
 * one room, and read in a fixed number of statements however many events there are.
 */
export class EventViews {
  private readonly members: MemberHistory;
  private readonly visibility: Visibility;
  private readonly forms: EventForms;
  private readonly bundles: Bundles;

  constructor(
    deps: {
      readonly accountData: Pick<AccountData, 'ignoredUsers'>;
      readonly roomState: Pick<RoomState, 'atEach'>;
      readonly timeline: Pick<Timeline, 'events' | 'transactionIds'>;
      readonly membership: Pick<Membership, 'of'>;
      readonly relations: Pick<Relations, 'aggregate'>;
    },
    now: Clock,
  ) {
    this.members = new MemberHistory(deps.membership, deps.timeline);
    this.visibility = new Visibility(deps.roomState, deps.timeline, deps.accountData);
    this.forms = new EventForms(deps.timeline, now);
    this.bundles = new Bundles(deps.relations, deps.timeline, deps.accountData, this.visibility, this.forms);
  }

  /** The events that the user may see, in their order, as stored: to count and filter before they are written. */
  async visible(userId: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    return this.visibility.visible(await this.members.readerOf(userId, room), events);
  }

  /** Whether the user may see an event. */
  async canSee(userId: string, room: RoomInfo, event: StoredEvent): Promise<boolean> {
    return (await this.visible(userId, room, [event])).length > 0;
  }

  /** The events that the user may see, written for them; the others are left out. */
  async forUser(
    userId: string,
    room: RoomInfo,
    events: readonly StoredEvent[],
    options: ViewOptions = {},
  ): Promise<ClientEvent[]> {
    const reader = await this.members.readerOf(userId, room);
    return this.write(reader, room, await this.visibility.visible(reader, events), options);
  }

  /** One event, or undefined when the user may not see it. */
  async one(
    userId: string,
    room: RoomInfo,
    event: StoredEvent,
    options: ViewOptions = {},
  ): Promise<ClientEvent | undefined> {
    return (await this.forUser(userId, room, [event], options))[0];
  }

  /**
   * State for a user who may read it as a whole, which the caller has checked: whoever may read the state of a room at
   * some point may read all of it, however old its events and whoever sent them.
   */
  async state(
    userId: string,
    room: RoomInfo,
    events: readonly StoredEvent[],
    options: Omit<ViewOptions, 'bundled'> = {},
  ): Promise<ClientEvent[]> {
    return this.write(await this.members.readerOf(userId, room), room, events, options);
  }

  /** State events in the form of invites, knocks and summaries. */
  stripped(room: RoomInfo, events: readonly StoredEvent[]): StrippedState[] {
    return events.map((event) => formatStrippedState(readable(room, event)));
  }

  private async write(
    reader: RoomReader,
    room: RoomInfo,
    events: readonly StoredEvent[],
    options: ViewOptions,
  ): Promise<ClientEvent[]> {
    if (events.length === 0) return [];
    const [written, bundles] = await Promise.all([
      this.forms.write(reader, room, events, options),
      options.bundled === true && options.federation !== true
        ? this.bundles.of(reader, room, events, options)
        : undefined,
    ]);
    events.forEach((event, index) => {
      const bundle = bundles?.get(event.nid);
      if (bundle !== undefined) written[index]!.unsigned!['m.relations'] = bundle;
    });
    const { project } = options;
    return project === undefined ? written : written.map((event) => project(event) as ClientEvent);
  }
}
