import type { OutgoingEvent, StateWithChain } from '#domain/event-views';
import type { JsonObject } from '#kernel/json';

/** Events as servers exchange them. */
export const pdus = (events: readonly OutgoingEvent[]): JsonObject[] => events.map((event) => event.pdu);

/** A state and what authorises it. */
export const stateAnswer = ({ state, authChain }: StateWithChain) => ({
  pdus: pdus(state),
  auth_chain: pdus(authChain),
});
