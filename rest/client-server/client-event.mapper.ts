import type { ClientEvent } from '#protocol/events/index';
import type * as Wire from '#rest/generated/client-server/definitions';

/** Events of one room as answers hold them: written with their room id, as event-views does unless it is told otherwise. */
export const wireEvents = (events: readonly ClientEvent[]) =>
  events as readonly Wire.ClientEvent[] as Wire.ClientEvent[];

/** One such event. */
export const wireEvent = (event: ClientEvent) => event as Wire.ClientEvent;
