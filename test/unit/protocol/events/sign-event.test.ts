import { decodeBase64 } from '#kernel/base64';
import { BadJsonError, TooLargeError } from '#kernel/errors';
import type { JsonObject, JsonValue } from '#kernel/json';
import { canonicalJson } from '#protocol/canonical-json';
import {
  addEventSignature,
  buildEvent,
  contentHash,
  eventIdOf,
  hashAndSign,
  inspectEvent,
  prevEventIds,
  redactEvent,
  redactsOf,
  referenceHash,
  requiredSigners,
  verifyEventSignature,
  type EventDraft,
  type Pdu,
} from '#protocol/events/index';
import { knownRoomVersions, roomVersion } from '#protocol/room-versions';
import { SigningKey, verifyJson, VerifyKey } from '#protocol/signing/index';

const key = SigningKey.fromSeed('ed25519:1', decodeBase64('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1') as Buffer);
const verifyKey = VerifyKey.fromBase64(key.publicKey) as VerifyKey;
const HASH = 'acR1l0raoZnm60CBwAVgqbZqoO_mYU81xysh1u7XcJk';

function draft(id: string, changes: Partial<EventDraft> = {}): EventDraft {
  const standard = HASH.replace('_', '/');
  const eventId = id === '1' || id === '2' ? '$prev:domain' : id === '3' ? `$${standard}` : `$${HASH}`;
  return {
    roomId: id === '12' ? `!${HASH}` : '!room:domain',
    type: 'm.room.message',
    sender: '@alice:domain',
    content: { msgtype: 'm.text', body: 'hello' },
    prevEvents: [eventId],
    authEvents: [eventId],
    depth: 5,
    originServerTs: 1_700_000_000_000,
    eventId: '$own:domain',
    hashOf: () => standard,
    ...changes,
  };
}

describe("the specification's signing test vectors", () => {
  it('hold for the smallest event', () => {
    const event = {
      room_id: '!x:domain',
      sender: '@a:domain',
      origin: 'domain',
      origin_server_ts: 1000000,
      signatures: {},
      hashes: {},
      type: 'X',
      content: {},
      prev_events: [],
      auth_events: [],
      depth: 3,
      unsigned: { age_ts: 1000000 },
    };
    const { pdu } = hashAndSign(roomVersion('3'), event as unknown as Pdu, 'domain', key);
    expect(pdu.hashes).toEqual({ sha256: '5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos' });
    expect(pdu.signatures).toEqual({
      domain: { 'ed25519:1': 'KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg' },
    });
    expect(pdu.unsigned).toEqual({ age_ts: 1000000 });
  });

  it('hold for an event with content that a redaction takes', () => {
    const event = {
      content: { body: 'Here is the message content' },
      event_id: '$0:domain',
      origin: 'domain',
      origin_server_ts: 1000000,
      type: 'm.room.message',
      room_id: '!r:domain',
      sender: '@u:domain',
      signatures: {},
      unsigned: { age_ts: 1000000 },
    };
    const { pdu } = hashAndSign(roomVersion('1'), event as unknown as Pdu, 'domain', key);
    expect(pdu.hashes).toEqual({ sha256: 'onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g' });
    expect(pdu.signatures).toEqual({
      domain: { 'ed25519:1': 'Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA' },
    });
  });
});

describe.each(knownRoomVersions())('an event of room version %s', (id) => {
  const version = roomVersion(id);
  const signed = hashAndSign(version, buildEvent(version, draft(id)), 'domain', key);

  it('comes back from its own JSON unchanged, with hash, id and signature right', () => {
    const inspected = inspectEvent(version, JSON.parse(signed.json) as JsonValue);
    expect(inspected).toMatchObject({
      eventId: signed.eventId,
      json: signed.json,
      hashMatches: true,
      roomId: signed.roomId,
    });
    expect(inspected.pdu).toEqual(signed.pdu);
    expect(verifyEventSignature(inspected, 'domain', 'ed25519:1', verifyKey)).toBe(true);
    expect(prevEventIds(inspected.pdu)).toEqual(draft(id).prevEvents);
  });

  it('is stored as canonical JSON', () => {
    expect(signed.json).toBe(canonicalJson(signed.pdu));
  });

  it('keeps id and signature when redacted, and loses its body', () => {
    const redacted = redactEvent(version, signed.pdu);
    expect(redacted.content).toEqual({});
    expect(eventIdOf(version, redacted)).toBe(signed.eventId);
    expect(referenceHash(version, redacted)).toBe(referenceHash(version, signed.pdu));
    expect(verifyJson(redacted, 'domain', 'ed25519:1', verifyKey)).toBe(true);
  });

  it('is taken in redacted when its content was changed on the way', () => {
    const forged = { ...signed.pdu, content: { body: 'forged' } };
    const inspected = inspectEvent(version, forged);
    expect(inspected.hashMatches).toBe(false);
    expect(inspected.pdu.content).toEqual({});
    expect(inspected.eventId).toBe(signed.eventId);
    expect(JSON.parse(inspected.json)).toEqual(inspected.pdu);
    expect(verifyEventSignature(inspected, 'domain', 'ed25519:1', verifyKey)).toBe(true);
  });

  it('loses its signature when something that matters was changed on the way (row 6)', () => {
    const inspected = inspectEvent(version, { ...signed.pdu, sender: '@mallory:domain' });
    expect(verifyEventSignature(inspected, 'domain', 'ed25519:1', verifyKey)).toBe(false);
  });

  it('drops what came in unsigned, which nobody vouches for', () => {
    const inspected = inspectEvent(version, { ...signed.pdu, unsigned: { redacted_because: {} } });
    expect(inspected.hashMatches).toBe(true);
    expect(inspected.pdu.unsigned).toBeUndefined();
  });

  it('may be countersigned without changing its id', () => {
    const other = SigningKey.fromSeed('ed25519:b', Buffer.alloc(32, 9));
    const twice = addEventSignature(version, signed.pdu, 'other.org', other);
    expect(twice.eventId).toBe(signed.eventId);
    expect(Object.keys(twice.pdu.signatures ?? {}).sort()).toEqual(['domain', 'other.org']);
    expect(twice.json).toBe(canonicalJson(twice.pdu));
  });

  it('carries the target of a redaction where its version wants it', () => {
    const target = draft(id).prevEvents[0] as string;
    const ways: Partial<EventDraft>[] = [
      { redacts: target, content: {} },
      { content: { redacts: target, reason: 'r' } },
    ];
    for (const changes of ways) {
      const pdu = buildEvent(version, draft(id, { type: 'm.room.redaction', ...changes }));
      expect(redactsOf(version, pdu)).toBe(target);
      expect(pdu.redacts).toBe(Number(id) < 11 ? target : undefined);
      expect(pdu.content.redacts).toBe(Number(id) < 11 ? undefined : target);
    }
  });

  it('may be 65536 bytes large, and no larger', () => {
    const room = 65_536 - signed.json.length;
    const body = `hello${'x'.repeat(room)}`;
    const largest = hashAndSign(
      version,
      buildEvent(version, draft(id, { content: { msgtype: 'm.text', body } })),
      'domain',
      key,
    );
    expect(largest.json).toHaveLength(65_536);
    expect(inspectEvent(version, largest.pdu).hashMatches).toBe(true);
    const larger = buildEvent(version, draft(id, { content: { msgtype: 'm.text', body: `${body}x` } }));
    expect(() => hashAndSign(version, larger, 'domain', key)).toThrow(TooLargeError);
    expect(() => inspectEvent(version, { ...largest.pdu, padding: 'x' })).toThrow(TooLargeError);
  });
});

describe('making an event', () => {
  it('names a room of version 12 by its create event', () => {
    const version = roomVersion('12');
    const create = buildEvent(version, {
      ...draft('12', {
        type: 'm.room.create',
        stateKey: '',
        content: { room_version: '12' },
        prevEvents: [],
        authEvents: [],
        depth: 1,
      }),
      roomId: undefined,
    });
    expect(create.room_id).toBeUndefined();
    const signed = hashAndSign(version, create, 'domain', key);
    expect(signed.roomId).toBe(`!${signed.eventId.slice(1)}`);
    expect(inspectEvent(version, JSON.parse(signed.json) as JsonObject).roomId).toBe(signed.roomId);
  });

  it('adds the creator to create events up to version 10', () => {
    for (const id of knownRoomVersions()) {
      const pdu = buildEvent(roomVersion(id), draft(id, { type: 'm.room.create', stateKey: '', content: {} }));
      expect(pdu.content.creator).toBe(Number(id) <= 10 ? '@alice:domain' : undefined);
    }
  });

  it('writes references with hashes in versions 1 and 2', () => {
    expect(buildEvent(roomVersion('2'), draft('2')).prev_events).toEqual([
      ['$prev:domain', { sha256: HASH.replace('_', '/') }],
    ]);
    expect(() => buildEvent(roomVersion('1'), { ...draft('1'), hashOf: undefined })).toThrow('need hashes');
    expect(() => buildEvent(roomVersion('1'), { ...draft('1'), eventId: undefined })).toThrow('needs its id');
  });

  it('refuses floats where canonical JSON is strict, naming the place, and lets them pass before version 6', () => {
    const content = { geo: { lat: 1.5 } };
    for (const id of knownRoomVersions()) {
      const version = roomVersion(id);
      const make = () => hashAndSign(version, buildEvent(version, draft(id, { content })), 'domain', key);
      if (Number(id) < 6) expect(inspectEvent(version, make().pdu).hashMatches).toBe(true);
      else {
        expect(make).toThrow(BadJsonError);
        expect(make).toThrow('content.geo.lat');
      }
    }
  });

  it('hashes a __proto__ key like any other', () => {
    const version = roomVersion('11');
    const content = JSON.parse('{"body":"x","__proto__":{"admin":true}}') as JsonObject;
    const with_ = buildEvent(version, draft('11', { content }));
    const without = buildEvent(version, draft('11', { content: { body: 'x' } }));
    expect(contentHash(version, with_)).not.toBe(contentHash(version, without));
    const signed = hashAndSign(version, with_, 'domain', key);
    expect(signed.json).toContain('"__proto__":{"admin":true}');
    expect(inspectEvent(version, JSON.parse(signed.json) as JsonObject).hashMatches).toBe(true);
  });
});

describe('the servers that must have signed an event', () => {
  const member = (id: string, content: JsonObject) =>
    buildEvent(
      roomVersion(id),
      draft(id, { type: 'm.room.member', stateKey: '@bob:b.org', sender: '@bob:b.org', content }),
    );

  it('are the sender’s, and before version 3 that of the event id', () => {
    expect(requiredSigners(roomVersion('1'), member('1', { membership: 'join' }))).toEqual(['b.org', 'domain']);
    expect(requiredSigners(roomVersion('3'), member('3', { membership: 'join' }))).toEqual(['b.org']);
  });

  it('are also the server that let a user in, where restricted joins exist', () => {
    const content = { membership: 'join', join_authorised_via_users_server: '@alice:a.org' };
    expect(requiredSigners(roomVersion('7'), member('7', content))).toEqual(['b.org']);
    expect(requiredSigners(roomVersion('8'), member('8', content))).toEqual(['b.org', 'a.org']);
  });

  it('are not the sender’s for an invite by third party, which another server may send', () => {
    expect(requiredSigners(roomVersion('11'), member('11', { membership: 'invite', third_party_invite: {} }))).toEqual(
      [],
    );
    expect(requiredSigners(roomVersion('11'), member('11', { membership: 'join', third_party_invite: {} }))).toEqual([
      'b.org',
    ]);
  });
});
