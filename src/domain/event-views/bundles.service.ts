import type { JsonObject } from '#kernel/json';
import type { AccountData } from '../account-data';
import type { Aggregations, Relations } from '../relations';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { ClientEvent } from '#protocol/events/index';
import { ownObject, ownString } from '#protocol/json-access';
import type { EventForm, EventForms } from './event-form.service';
import type { RoomReader } from './member-history.service';
import type { Visibility } from './visibility.service';

/** Bundles what relates to events into their `unsigned`. Spec: client-server, "Aggregations of child events". */
export class Bundles {
  constructor(
    private readonly relations: Pick<Relations, 'aggregate'>,
    private readonly timeline: Pick<Timeline, 'events'>,
    private readonly accountData: Pick<AccountData, 'ignoredUsers'>,
    private readonly visibility: Visibility,
    private readonly forms: EventForms,
  ) {}

  /** What goes under `m.relations`, by event number; a fixed number of statements. Children the reader may not see are left out. */
  async of(
    reader: RoomReader,
    room: RoomInfo,
    events: readonly StoredEvent[],
    form: EventForm,
  ): Promise<Map<number, JsonObject>> {
    const targets = events.filter((event) => event.stateKey === null);
    const ignored = await this.accountData.ignoredUsers(reader.userId);
    const found = await this.relations.aggregate(room.nid, targets, reader.userId, [...ignored]);
    const children = await this.children(reader, room, found, form);
    const bundles = new Map<number, JsonObject>();
    for (const event of targets) {
      const bundle = bundleOf(event, found, children, reader.userId);
      if (Object.keys(bundle).length > 0) bundles.set(event.nid, bundle);
    }
    return bundles;
  }

  private async children(
    reader: RoomReader,
    room: RoomInfo,
    found: Aggregations,
    form: EventForm,
  ): Promise<Map<number, ClientEvent>> {
    const nids = [
      ...found.edits.values(),
      ...[...found.threads.values()].map((thread) => thread.latestNid),
      ...[...found.references.values()].flat(),
    ];
    if (nids.length === 0) return new Map();
    const events = await this.visibility.visible(reader, await this.timeline.events([...new Set(nids)]));
    // Bundled events are read apart from their room's section, so that they always name the room.
    const written = await this.forms.write(reader, room, events, { ...form, withoutRoomId: false });
    return new Map(events.map((event, index) => [event.nid, written[index]!]));
  }
}

function bundleOf(
  event: StoredEvent,
  found: Aggregations,
  children: ReadonlyMap<number, ClientEvent>,
  userId: string,
): JsonObject {
  const bundle: JsonObject = {};
  const edit = children.get(found.edits.get(event.eventId) ?? 0);
  if (edit !== undefined && event.redactedByNid === null && !isEdit(event)) bundle['m.replace'] = edit;
  const thread = found.threads.get(event.eventId);
  const latest = thread && children.get(thread.latestNid);
  if (thread !== undefined && latest !== undefined) {
    bundle['m.thread'] = {
      latest_event: latest,
      count: thread.count,
      current_user_participated: thread.participated || event.sender === userId,
    };
  }
  const chunk = (found.references.get(event.eventId) ?? []).flatMap((nid) => {
    const child = children.get(nid);
    return child === undefined ? [] : [{ event_id: child.event_id }];
  });
  if (chunk.length > 0) bundle['m.reference'] = { chunk };
  return bundle;
}

function isEdit(event: StoredEvent): boolean {
  return ownString(ownObject(ownObject(event.pdu, 'content'), 'm.relates_to'), 'rel_type') === 'm.replace';
}
