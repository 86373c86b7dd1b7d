import type { JsonObject } from '#kernel/json';
import { ALICE, TestRoom, versions } from './test-room';

describe('the create event', () => {
  const make = (id: string, content: JsonObject = {}, more: JsonObject = {}): string => {
    const room = new TestRoom(id);
    const event = room.event(
      'm.room.create',
      ALICE,
      { room_version: id, ...content },
      { stateKey: '', prevEvents: [] },
    );
    return room.judge({ ...event, ...more });
  };

  it.each(versions(1))('is allowed in version %s', (id) => {
    expect(make(id)).toBe('allowed');
  });

  it.each(versions(1))('has no previous events in version %s', (id) => {
    expect(make(id, {}, { prev_events: ['$x'] })).toMatch('previous events');
  });

  it.each(versions(1, 11))("makes a room on its sender's server in version %s", (id) => {
    expect(make(id, {}, { room_id: '!room:evil.org' })).toMatch("creator's server");
  });

  it('names no room in version 12', () => {
    expect(make('12', {}, { room_id: '!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM' })).toMatch('room_id');
  });

  it.each(versions(1))('is of the version it says, in version %s', (id) => {
    expect(make(id, { room_version: 'org.unknown' })).toMatch('another room version');
    expect(make(id, { room_version: 5 })).toMatch('another room version');
  });

  it('needs a creator up to version 10 only', () => {
    for (const id of versions(1)) {
      const judged = make(id, {}, { content: { room_version: id } });
      expect(judged === 'allowed').toBe(Number(id) >= 11);
    }
  });

  it.each<[string, JsonObject[string]]>([
    ['a text', '@bob:b.org'],
    ['a number', [1]],
    ['no user ID', ['bob']],
    ['an object', {}],
  ])('refuses additional creators that are %s, in version 12 alone', (_what, additional) => {
    expect(make('12', { additional_creators: additional })).toMatch('additional_creators');
    expect(make('11', { additional_creators: additional })).toBe('allowed');
  });

  it('takes user IDs as additional creators', () => {
    expect(make('12', { additional_creators: ['@bob:b.org', '@Historical Ünion:c.org'] })).toBe('allowed');
  });
});
