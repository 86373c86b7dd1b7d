import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, makeConfig } from '#main/config/index';

describe('configuration', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trellis-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const file = (text: string) => {
    const path = join(folder, 'trellis.yaml');
    writeFileSync(path, text);
    return path;
  };
  const problems = (work: () => unknown): readonly string[] => {
    try {
      work();
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
    throw new Error('the configuration was accepted');
  };

  it('needs no file and no variable', () => {
    const config = loadConfig({ env: {} });
    expect(config.server_name).toBe('localhost');
    expect(config.listeners).toMatchObject([{ bind: '127.0.0.1', port: 8008, tls: null }]);
    expect(config.listeners[0]!.resources).toHaveLength(9);
    expect(config.database.url).toBe('sqlite:data/trellis.db');
    expect(config.signing_key).toBe('data/signing.key');
    expect(config.public_base_url).toBe('http://localhost:8008');
    expect(config.registration.enabled).toBe(false);
  });

  it('keeps the database and the key in data_dir unless told otherwise', () => {
    const config = makeConfig({ data_dir: '/srv/trellis' });
    expect(config.database.url).toBe('sqlite:/srv/trellis/trellis.db');
    expect(config.signing_key).toBe('/srv/trellis/signing.key');
  });

  it('reads every key of the example in the manual', () => {
    const path = file(`
server_name: example.org
listeners:
  - { bind: 0.0.0.0, port: 8008, resources: [client, federation, identity, push, appservice, graphql, dashboard, metrics, health] }
  - { bind: 0.0.0.0, port: 8448, tls: { cert: fullchain.pem, key: privkey.pem }, resources: [federation, client] }
database: { url: "mysql://user:password@host:3306/trellis" }
redis: { url: "redis://127.0.0.1:6379" }
cluster: { enabled: false, process_name: main, internal: { bind: 127.0.0.1, port: 0 } }
public_base_url: https://example.org/
signing_key: data/signing.key
rooms: { default_version: 12, publish_policy: open }
media: { max_upload_bytes: 52428800, legacy_unauthenticated: frozen, url_previews: { enabled: false } }
push_gateway: { enabled: true, apps: {} }
log: { level: info, format: pretty }
`);
    const config = loadConfig({ file: path, env: {} });
    expect(config.rooms.default_version).toBe('12');
    expect(config.public_base_url).toBe('https://example.org');
    expect(config.listeners[1]!.tls).toEqual({ cert: 'fullchain.pem', key: 'privkey.pem' });
  });

  it('lets variables win over the file, key by key', () => {
    const path = file('server_name: file.example\nregistration: { enabled: false, require_token: true }\n');
    const env = {
      TRELLIS_SERVER_NAME: 'variable.example',
      TRELLIS_REGISTRATION__ENABLED: 'true',
      TRELLIS_DATABASE_URL: 'sqlite:/tmp/elsewhere.db',
      TRELLIS_MEDIA__URL_PREVIEWS__ENABLED: 'true',
      TRELLIS_TURN__URIS: '["turn:turn.example"]',
      TRELLIS_REGISTRATION__SHARED_SECRET: '0123456789',
      TRELLIS_LOG__LEVEL: '',
      TRELLIS_TEST_DATABASE: 'mysql',
      PATH: '/bin',
    };
    const config = loadConfig({ file: path, env });
    expect(config.server_name).toBe('variable.example');
    expect(config.registration).toMatchObject({ enabled: true, require_token: true, shared_secret: '0123456789' });
    expect(config.database.url).toBe('sqlite:/tmp/elsewhere.db');
    expect(config.media.url_previews.enabled).toBe(true);
    expect(config.turn.uris).toEqual(['turn:turn.example']);
    expect(config.log.level).toBe('info');
  });

  it('names every unknown key and every bad value', () => {
    const path = file(
      'servername: x\nregistration: { enabld: true }\nlisteners: [{ port: 99999 }]\nserver_name: "not a name"\n',
    );
    const told = problems(() => loadConfig({ file: path, env: {} }));
    expect(told).toEqual(
      expect.arrayContaining([
        'servername: unknown key',
        'registration.enabld: unknown key',
        expect.stringMatching(/^listeners\[0\]\.port: /),
        expect.stringMatching(/^server_name: expected a server name/),
      ]),
    );
    expect(told).toHaveLength(4);
  });

  it('names variables that are no key, and those with a bad value', () => {
    expect(problems(() => loadConfig({ env: { TRELLIS_SERVERNAME: 'x' } }))).toEqual([
      'TRELLIS_SERVERNAME: no such key (environment)',
    ]);
    expect(problems(() => loadConfig({ env: { TRELLIS_REGISTRATION__ENABLED: 'perhaps' } }))).toEqual([
      expect.stringMatching(/^registration\.enabled: /),
    ]);
    expect(problems(() => loadConfig({ env: { TRELLIS___PROTO____X: '1' } }))).toHaveLength(1);
  });

  it('says which file it could not read or parse', () => {
    expect(problems(() => loadConfig({ file: join(folder, 'none.yaml'), env: {} }))[0]).toContain('none.yaml');
    expect(problems(() => loadConfig({ file: file('a: [1'), env: {} }))[0]).toContain('trellis.yaml');
    expect(problems(() => loadConfig({ file: file('- a list'), env: {} }))[0]).toContain('expected keys and values');
  });

  it('takes an empty file for all defaults', () => {
    expect(loadConfig({ file: file(''), env: {} }).server_name).toBe('localhost');
  });
});
