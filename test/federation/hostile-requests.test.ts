import { randomBytes } from 'node:crypto';
import type { JsonObject } from '#kernel/json';
import { printRequestSignature, requestText, signJson, SigningKey } from '#protocol/signing/index';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { HostileServer, path } from './hostile-server';

const EVENT = path('v1/event', '$unknown');
const UNAUTHORIZED = refused(401, 'M_UNAUTHORIZED');

/** Who asks: signatures of requests, and the keys that they and events are checked by. */
describe('a hostile server signs requests', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  interface Claims {
    readonly origin?: string;
    readonly destination?: string;
    readonly keyId?: string;
    readonly key?: SigningKey;
    readonly uri?: string;
    readonly method?: string;
  }
  /** The header of a request for {@link EVENT}, honest but for what the claims say. */
  const header = (claims: Claims = {}, by = scene.hostile): string => {
    const { origin = by.serverName, keyId = by.key.keyId, key = by.key, method = 'GET', uri = EVENT } = claims;
    const destination = 'destination' in claims ? claims.destination : scene.victim.config.server_name;
    const signature = key.sign(requestText({ method, uri, origin, destination, content: undefined }));
    return printRequestSignature({ origin, destination, keyId, signature });
  };
  const ask = (authorization: string) => scene.hostile.request('GET', EVENT, { headers: { authorization } });

  it('row 0: which pass when all is as it should be, also without a destination as old servers send them', async () => {
    for (const good of [header(), header({ destination: undefined }), header().replace('X-Matrix', 'x-matrix')]) {
      expect(await ask(good)).toEqual(refused(404, 'M_NOT_FOUND'));
    }
  });

  it.each<[string, () => string]>([
    ['for another server', () => header({ destination: 'other.example' })],
    ['for this server in other letters', () => header({ destination: 'VICTIM.example' })],
    ['for another path', () => header({ uri: `${EVENT}x` })],
    ['for another query', () => header({ uri: `${EVENT}?x=1` })],
    ['for another method', () => header({ method: 'PUT' })],
    ['as somebody else', () => header({ origin: 'example.org' })],
    ['as the server itself', () => header({ origin: scene.victim.config.server_name })],
    ['as a name that is none', () => header({ origin: 'a b' })],
    ['by a key that it does not publish', () => header({ key: SigningKey.fromSeed('ed25519:x', randomBytes(32)) })],
    ['by an id that it does not publish', () => header({ keyId: 'ed25519:other' })],
    ['by an id that is none', () => header({ keyId: 'rsa:1' })],
    ['with a parameter twice', () => header().replace('origin=', 'origin="example.org",origin=')],
    ['with a parameter twice in other letters', () => header().replace('origin=', 'ORIGIN="example.org",origin=')],
    ['without a signature', () => header().replace(/,sig="[^"]*"/, '')],
    ['with an empty signature', () => header().replace(/sig="[^"]*"/, 'sig=""')],
    ['with another scheme', () => header().replace('X-Matrix', 'Bearer')],
    ['with text behind', () => `${header()} x`],
  ])('row 11: %s', async (_, make) => {
    const answer = await ask(make());
    expect([401, 403]).toContain(answer.status);
    expect(['M_UNAUTHORIZED', 'M_MISSING_TOKEN', 'M_FORBIDDEN']).toContain(answer.body['errcode']);
  });

  it('row 11: over another body than it sends', async () => {
    const body = { origin: scene.hostile.serverName, origin_server_ts: 1, pdus: [] };
    const raw = JSON.stringify({ ...body, pdus: [scene.message('smuggled').pdu] });
    expect(await scene.hostile.request('PUT', path('v1/send', 'other'), { body, raw })).toEqual(UNAUTHORIZED);
    expect(await scene.texts()).not.toContain('smuggled');
  });

  it('row 11: in two headers of different servers', async () => {
    const two = `${header()}, ${header({ origin: 'example.org' })}`;
    expect((await ask(two)).status).toBe(401);
  });

  describe('with keys', () => {
    /** Another server, whose keys are not known yet. */
    const another = async (publishes: (server: HostileServer) => JsonObject) => {
      const server = await HostileServer.start(scene.ca, scene.victim);
      server.publishes = () => publishes(server);
      return server;
    };
    const document = ({ serverName, key }: HostileServer, more: JsonObject = {}): JsonObject => ({
      server_name: serverName,
      valid_until_ts: Date.now() + 3_600_000,
      verify_keys: { [key.keyId]: { key: key.publicKey } },
      old_verify_keys: {},
      ...more,
    });
    const signed = (server: HostileServer, more: JsonObject = {}) =>
      signJson(document(server, more), server.serverName, server.key);
    const askBy = async (server: HostileServer) => {
      const answer = await server.get(EVENT);
      await server.stop();
      return answer;
    };

    it.each<[string, (server: HostileServer) => JsonObject]>([
      ['whose time is over', (server) => signed(server, { valid_until_ts: Date.now() - 1_000 })],
      [
        'that it has given up',
        (server) => {
          const old_verify_keys = { [server.key.keyId]: { key: server.key.publicKey, expired_ts: Date.now() - 1_000 } };
          const fresh = SigningKey.fromSeed('ed25519:fresh', randomBytes(32));
          const verify_keys = { [fresh.keyId]: { key: fresh.publicKey } };
          return signJson(document(server, { old_verify_keys, verify_keys }), server.serverName, fresh);
        },
      ],
      ['that are not signed by themselves', (server) => document(server)],
      ['that another server signed', (server) => signJson(document(server), 'example.org', server.key)],
      [
        'of another server',
        (server) => signJson(document(server, { server_name: 'example.org' }), server.serverName, server.key),
      ],
      ['of half a length', (server) => signed(server, { verify_keys: { [server.key.keyId]: { key: 'AAAA' } } })],
      ['with a time that is none', (server) => signed(server, { valid_until_ts: '9999999999999' })],
      ['in a list', () => [] as unknown as JsonObject],
    ])('row 50: %s', async (_, publishes) => {
      expect(await askBy(await another(publishes))).toEqual(UNAUTHORIZED);
    });

    it('row 11: of which those of another server that it lists do not count', async () => {
      const victimKeys = scene.victim.domain.federation.ownKeys.publish();
      const [[keyId, key]] = Object.entries(victimKeys.verify_keys) as [[string, { key: string }]];
      const server = await another((one) =>
        signed(one, { verify_keys: { [one.key.keyId]: { key: one.key.publicKey }, [keyId]: key } }),
      );
      const forged = header({ origin: scene.victim.config.server_name }, server);
      expect((await server.get(EVENT)).status).toBe(404);
      expect(await server.request('GET', EVENT, { headers: { authorization: forged } })).toEqual(UNAUTHORIZED);
      await server.stop();
      expect(scene.victim.domain.federation.ownKeys.publish().verify_keys).toEqual(victimKeys.verify_keys);
    });

    it('row 11, row 50: whose time was over before the event, which it drops', async () => {
      const { message, room } = scene;
      const late = message('signed after the end', { originServerTs: Date.now() + 30 * 24 * 3_600_000 });
      expect(await scene.hostile.send(late.pdu)).toEqual({ [late.eventId]: { error: expect.any(String) as string } });
      expect(await scene.texts()).not.toContain('signed after the end');
      expect(room.version.enforcesKeyValidity).toBe(true);
    });

    it('row 46: is asked for its keys once by a hundred requests that claim to be from it', async () => {
      const server = await another(() => ({}));
      const answers = await Promise.all(Array.from({ length: 100 }, () => server.get(EVENT)));
      expect(answers).toEqual(Array(100).fill(UNAUTHORIZED));
      expect(server.asked).toHaveLength(1);
      await server.stop();
    });

    it('row 46: gives its keys slowly to many at once, which keeps nobody else waiting', async () => {
      const slow = await Promise.all(Array.from({ length: 12 }, () => HostileServer.start(scene.ca, scene.victim)));
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      for (const server of slow) server.publishes = () => held.then(() => ({}));
      const waiting = slow.flatMap((server) => Array.from({ length: 10 }, () => server.get(EVENT)));
      const honest = await another((server) => signed(server));
      expect((await askBy(honest)).status).toBe(404);
      expect(await scene.hostile.get(EVENT)).toEqual(refused(404, 'M_NOT_FOUND'));
      await scene.isAlive();
      release();
      expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([401]));
      await Promise.all(slow.map((server) => server.stop()));
    });

    it('row 46: has a transaction ask as many servers as sign its events, and each but once', async () => {
      const other = await another((server) => signed(server));
      const pdus = Array.from(
        { length: 50 },
        (_, n) => other.event(scene.room, { sender: `@u${n}:${other.serverName}` }).pdu,
      );
      await scene.hostile.send(...pdus);
      expect(other.asked.filter((url) => url.includes('/key/'))).toHaveLength(1);
      await other.stop();
    });
  });

  it.each(['LOCALHOST', 'localhоst', 'localhost.', `${'a'.repeat(240)}.example`, '[::1', 'a_b.example', '../x'])(
    'names: as a user of %s, who is not of the server that sends it',
    async (name) => {
      const port = scene.hostile.serverName.split(':')[1];
      const userId = `@mallory:${name}:${port}`;
      expect(
        (await scene.hostile.get(`${path('v1/make_join', scene.roomId, userId)}?ver=11`)).status,
      ).toBeGreaterThanOrEqual(400);
      const { pdu } = scene.message('as a namesake', { sender: userId });
      await scene.hostile.transact([pdu]);
      expect(await scene.texts()).not.toContain('as a namesake');
    },
  );

  it.each(['Upper', 'with space', 'ünï', '=/', ''])('names: of which it takes the historical %j', async (localpart) => {
    const userId = `@${localpart}:${scene.hostile.serverName}`;
    const joined = await scene.hostile.join(scene.roomId, userId);
    const { pdu, eventId } = scene.hostile.event(joined, { sender: userId });
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
  });
});
