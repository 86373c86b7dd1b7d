import { formatClientEvent, formatStrippedState, type Pdu } from '#protocol/events/index';

const pdu = {
  type: 'm.room.message',
  sender: '@a:a.org',
  content: { body: 'x' },
  origin_server_ts: 5,
  depth: 7,
  prev_events: ['$p'],
  auth_events: ['$q'],
  room_id: '!r:a.org',
  hashes: { sha256: 'h' },
  signatures: {},
  unsigned: { age: 99, redacted_because: {} },
  origin: 'a.org',
} as unknown as Pdu;
const stored = { pdu, eventId: '$e', roomId: '!r:a.org' };

describe('an event for clients', () => {
  it('has what clients need and nothing of the federation, nor unsigned that came from there', () => {
    expect(formatClientEvent(stored)).toEqual({
      type: 'm.room.message',
      sender: '@a:a.org',
      content: { body: 'x' },
      origin_server_ts: 5,
      event_id: '$e',
      room_id: '!r:a.org',
    });
  });

  it('leaves the room out where sync wants that, and carries our own unsigned', () => {
    const event = formatClientEvent(stored, { withoutRoomId: true, unsigned: { age: 1 } });
    expect(event.room_id).toBeUndefined();
    expect(event.unsigned).toEqual({ age: 1 });
  });

  it('keeps an empty state key', () => {
    expect(formatClientEvent({ ...stored, pdu: { ...pdu, state_key: '' } })).toHaveProperty('state_key', '');
    expect(formatClientEvent(stored)).not.toHaveProperty('state_key');
  });

  it('shows the target of a redaction in both places, wherever its room version keeps it', () => {
    for (const changes of [{ redacts: '$t', content: { reason: 'r' } }, { content: { redacts: '$t', reason: 'r' } }]) {
      const redaction = { ...pdu, type: 'm.room.redaction', ...changes } as Pdu;
      expect(formatClientEvent({ ...stored, pdu: redaction })).toMatchObject({
        redacts: '$t',
        content: { redacts: '$t', reason: 'r' },
      });
      expect(redaction).toMatchObject(changes);
    }
    expect(formatClientEvent({ ...stored, pdu: { ...pdu, content: { redacts: '$t' } } })).not.toHaveProperty('redacts');
  });

  it('is reduced to four members when stripped', () => {
    expect(formatStrippedState({ ...pdu, state_key: '' })).toEqual({
      type: 'm.room.message',
      sender: '@a:a.org',
      content: { body: 'x' },
      state_key: '',
    });
  });
});
