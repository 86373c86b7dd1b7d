import { createHash } from 'node:crypto';
import type { JsonObject } from '#kernel/json';
import { canonicalJson } from '#protocol/canonical-json';
import { printRequestSignature } from '#protocol/signing/index';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { path, type Answer, type Forgery, type JoinedRoom } from './hostile-server';
import { at, stateOf } from './people';

/** What other servers write by hand here, since a parsed value does not tell how its numbers were written. */
describe('a server in Python, whose numbers are signed as it writes them,', () => {
  let scene: HostileScene;
  let count = 0;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  /** Puts a transaction, signed over `signed`. */
  const put = (signed: string, raw = signed): Promise<Answer> => {
    const { hostile, victim } = scene;
    const uri = path('v1/send', `odd${++count}`);
    const [origin, destination] = [hostile.serverName, victim.config.server_name];
    const text = `{"content":${signed},"destination":"${destination}","method":"PUT","origin":"${origin}","uri":"${uri}"}`;
    const { keyId } = hostile.key;
    const authorization = printRequestSignature({ origin, destination, keyId, signature: hostile.key.sign(text) });
    return hostile.request('PUT', uri, { raw, headers: { authorization, 'content-type': 'application/json' } });
  };
  const transaction = (pdu: string): string => `{"edus":[],"origin":"","origin_server_ts":1,"pdus":[${pdu}]}`;

  /** An event of room versions 4 to 11 with this content, and what a redaction would leave of it. */
  const written = (room: JoinedRoom, forgery: Forgery, content: string, redacted = '{}') => {
    const { hostile } = scene;
    const { hashes: _old, signatures: _of, ...rest } = hostile.event(room, { ...forgery, content: {} }).pdu;
    const text = (more: JsonObject, inside: string): string =>
      canonicalJson({ ...rest, ...more }).replace('"content":{}', () => `"content":${inside}`);
    const hashes = { sha256: sha256(text({}, content)) };
    const signedText = text({ hashes }, redacted);
    const signatures = { [hostile.serverName]: { [hostile.key.keyId]: hostile.key.sign(signedText) } };
    const eventId = `$${sha256(signedText).replaceAll('+', '-').replaceAll('/', '_')}`;
    return { eventId, text: text({ hashes, signatures }, content) };
  };
  const textsOf = async ({ roomId }: JoinedRoom): Promise<unknown[]> => {
    const { body } = await scene.alice.api('GET', at(roomId, 'messages?dir=b&limit=100'));
    return (body['chunk'] as { content: JsonObject }[]).map(({ content }) => content['body']);
  };

  describe.each(['1.0', '-0.0', '1e+25', '5e-324', '12345678901234567890'])('such as %s,', (number) => {
    const content = `{"body":"counted","msgtype":"m.text","n":${number}}`;

    it('has its requests taken', async () => {
      const text = transaction(`{"n":${number}}`);
      const answer = { status: 200, body: { pdus: {} } };
      expect(await put(text)).toEqual(answer);
      // Spread out, and in another order: what counts is what is said.
      expect(await put(text, text.replace('{"edus":[],', '{ ').replace(']}', '] , "edus": []}'))).toEqual(answer);
      expect(await put(text, text.replace('"n"', '"m"'))).toEqual(refused(401, 'M_UNAUTHORIZED'));
    });

    it.each(['4', '5'])('has its messages shown in a room of version %s', async (room_version) => {
      const room = await scene.anotherRoom({ room_version });
      const { eventId, text } = written(room, {}, content);
      expect(await put(transaction(text))).toEqual({ status: 200, body: { pdus: { [eventId]: {} } } });
      expect(await textsOf(room)).toContain('counted');
    });

    it('has none of its messages taken in a room of version 11, where such numbers are none', async () => {
      const room = await scene.anotherRoom();
      expect(await put(transaction(written(room, {}, content).text))).toEqual({ status: 200, body: { pdus: {} } });
      expect(await textsOf(room)).not.toContain('counted');
      expect(await scene.ends(room.roomId)).toEqual([room.join.eventId]);
    });
  });

  it('sets power levels in a room of version 5', async () => {
    const { alice, hostile } = scene;
    const users = { [alice.userId]: 100, [hostile.userId]: 100 };
    const room = await scene.anotherRoom({ room_version: '5', power_level_content_override: { users } });
    const content = `{"events_default":60.0,"users":${JSON.stringify(users).replace('100', '100.0')}}`;
    const { eventId, text } = written(room, { type: 'm.room.power_levels', stateKey: '' }, content, content);
    expect(await put(transaction(text))).toEqual({ status: 200, body: { pdus: { [eventId]: {} } } });
    expect(await stateOf(alice, room.roomId, 'm.room.power_levels')).toEqual({ events_default: 60, users });
  });
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64').slice(0, 43);
