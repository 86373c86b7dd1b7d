import { inAuthOrder, leadingTo, ordered } from '../../../../../src/domain/timeline/ingest/lineage.model';
import type { VerifiedEvent } from '../../../../../src/domain/timeline/ingest.model';

const eventOf = (eventId: string, prev: readonly string[], auth: readonly string[] = []) =>
  ({ eventId, pdu: { prev_events: prev, auth_events: auth } }) as unknown as VerifiedEvent;
const ids = (events: readonly { readonly eventId: string }[]) => events.map(({ eventId }) => eventId);
const byId = (...events: VerifiedEvent[]) => new Map(events.map((event) => [event.eventId, event]));

describe('events that came together', () => {
  it('are put in the order in which they follow each other, whatever is beside them', () => {
    const events = [eventOf('$c', ['$b', '$unknown']), eventOf('$b', ['$a', '$a']), eventOf('$a', ['$before'])];
    expect(ids(ordered(events))).toEqual(['$a', '$b', '$c']);
  });

  it('are put in the order in which they authorise each other, without those that go round in a circle', () => {
    const events = byId(
      eventOf('$b', [], ['$a']),
      eventOf('$x', [], ['$y']),
      eventOf('$y', [], ['$x']),
      eventOf('$a', []),
    );
    expect(ids(inAuthOrder(events))).toEqual(['$a', '$b']);
  });

  it('are ordered without recursion, however long the chain is that a stranger makes', () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => eventOf(`$${i}`, i === 0 ? [] : [`$${i - 1}`])).reverse();
    expect(ordered(chain)[0]!.eventId).toBe('$0');
    expect(ordered(chain)).toHaveLength(50_000);
  });

  it('are left out where they do not lead to the ones asked for', () => {
    const events = [eventOf('$a', []), eventOf('$b', ['$a']), eventOf('$beside', ['$a'])];
    expect(ids(leadingTo(['$b'], events))).toEqual(['$a', '$b']);
  });
});
