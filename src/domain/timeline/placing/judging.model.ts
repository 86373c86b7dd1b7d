import type { Pdu } from '#protocol/events/index';
import { stateMapKey } from '../../room-state';

/** Events of a state, by key. */
export type Entries = ReadonlyMap<string, Pdu>;

/** The events under the keys of a state, as the authorisation rules want them. */
export function pdusOf(entries: ReadonlyMap<string, { readonly pdu: object }>): Map<string, Pdu> {
  return new Map([...entries].map(([key, event]) => [key, event.pdu as Pdu]));
}

/**
 * The same for a state that lacks some of its events: those that an event names as its authority stand in for the ones that
 * are missing.
 */
export function withAuthority(
  entries: ReadonlyMap<string, { readonly pdu: object }>,
  authority: readonly { readonly pdu: Pdu }[],
): Map<string, Pdu> {
  const pdus = pdusOf(entries);
  for (const { pdu } of authority) {
    const key = stateMapKey(pdu.type, pdu.state_key ?? '');
    if (!pdus.has(key)) pdus.set(key, pdu);
  }
  return pdus;
}
