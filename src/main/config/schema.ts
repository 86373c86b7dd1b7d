import { z } from 'zod';
import { listeners } from './listeners';
import { httpUrl, onOff, port, address, secret, section, serverName, serverNamePattern } from './primitives';
import { passwords, rateLimits, registration, rooms, sessions } from './behaviour';

const database = section(
  {
    url: z
      .string()
      .regex(/^(sqlite:.+|(mysql|mariadb):\/\/.+)$/, {
        error: 'expected sqlite:<file> or mysql://user:password@host:port/name',
      })
      .nullable()
      .default(null)
      .describe('`sqlite:<file>` or `mysql://user:password@host:3306/name`; by default trellis.db in data_dir'),
    pool_size: z.int().min(2).max(512).default(16).describe('Connections to MySQL or MariaDB'),
  },
  'Where everything is stored',
);

const cluster = section(
  {
    enabled: onOff.default(false).describe('More than one process on the same database'),
    process_name: z.string().min(1).max(64).default('main').describe('Name of this process, unique in the cluster'),
    internal: section(
      {
        bind: address.default('127.0.0.1').describe('Address for calls between processes'),
        port: port.default(0).describe('Port for calls between processes; 0 takes a free one'),
      },
      'Where the other processes reach this one',
    ).prefault({}),
  },
  'Several processes as one server',
);

const federation = section(
  {
    enabled: onOff.default(true).describe('Talk to other homeservers'),
    delegated_server_name: serverName
      .nullable()
      .default(null)
      .describe(
        'What `/.well-known/matrix/server` names, as in matrix.example.org:8448; by default host and port of an https public_base_url',
      ),
    ca_certificates: z.array(z.string()).default([]).describe('Further certificate authorities to trust, PEM files'),
    allow_private_networks: onOff.default(false).describe('Also connect to servers on private and loopback addresses'),
    trusted_key_servers: z
      .array(serverName)
      .default([])
      .describe('Notary servers asked for keys of unreachable servers'),
    domain_allow_list: z
      .array(serverNamePattern)
      .nullable()
      .default(null)
      .describe(
        'The only servers to talk to, by name or pattern (`*.example.org`), at every port unless one is named; null for everybody',
      ),
    domain_deny_list: z
      .array(serverNamePattern)
      .default([])
      .describe('Servers never to talk to, allowed or not, written as in domain_allow_list'),
    revoked_keys: z
      .array(z.string().regex(/^[A-Za-z0-9+/_-]{43}=?$/, { error: 'expected an Ed25519 public key in Base64' }))
      .default([])
      .describe('Public signing keys, of any server, whose private half is known to strangers; they count no more'),
  },
  'Other homeservers',
);

const media = section(
  {
    max_upload_bytes: z.int().min(0).default(52_428_800).describe('Largest upload, in bytes'),
    legacy_unauthenticated: z
      .enum(['off', 'frozen', 'on'])
      .default('frozen')
      .describe('Media without an access token: never, only what was uploaded before authenticated media, or all'),
    url_previews: section(
      {
        enabled: onOff.default(false).describe('Fetch previews of links for clients'),
        allow_private_networks: onOff.default(false).describe('Also fetch from private and loopback addresses'),
      },
      'Previews of links',
    ).prefault({}),
  },
  'Uploads and downloads',
);

/** The whole configuration. Every key has a default; docs/configuration.md is generated from here. */
export const configSchema = z.strictObject({
  server_name: serverName
    .default('localhost')
    .describe('The domain in all ids of this server, as in @alice:example.org. It can never change'),
  data_dir: z.string().min(1).default('./data').describe('Folder of the SQLite file, the signing key and media'),
  listeners,
  database: database.prefault({}),
  redis: section(
    {
      url: z
        .string()
        .regex(/^rediss?:\/\//)
        .nullable()
        .default(null)
        .describe('Only for more than one process'),
    },
    'Redis',
  ).prefault({}),
  cluster: cluster.prefault({}),
  public_base_url: httpUrl
    .nullable()
    .default(null)
    .meta({ default: null })
    .describe('Where clients reach the server from outside; by default the address of the first client listener'),
  signing_key: z
    .string()
    .nullable()
    .default(null)
    .describe('File of the key that signs events, made on first start; by default signing.key in data_dir'),
  rooms: rooms.prefault({}),
  presence: section({ enabled: onOff.default(true).describe('Show who is online') }, 'Presence').prefault({}),
  registration: registration.prefault({}),
  passwords: passwords.prefault({}),
  sessions: sessions.prefault({}),
  rate_limits: rateLimits.prefault({}),
  federation: federation.prefault({}),
  application_services: z.array(z.string()).default([]).describe('Registration files of application services'),
  legacy_paths: z
    .array(z.enum(['client_before_r0', 'media_v1', 'federation_v1']))
    .default([])
    .describe('Very old paths that answer too; those of r0 always do'),
  media: media.prefault({}),
  push: section(
    { allow_private_networks: onOff.default(false).describe('Also push to gateways on private addresses') },
    'Push notifications',
  ).prefault({}),
  turn: section(
    {
      uris: z
        .array(z.string().regex(/^(turns?|stuns?):/))
        .default([])
        .describe('TURN servers for calls'),
      shared_secret: secret.default(null).describe('Secret shared with the TURN servers'),
    },
    'Calls',
  ).prefault({}),
  email: section(
    {
      smtp_url: z
        .string()
        .regex(/^smtps?:\/\//)
        .nullable()
        .default(null)
        .describe('smtp://user:password@host:587'),
      from: z.string().nullable().default(null).describe('Sender of mails'),
    },
    'Mail',
  ).prefault({}),
  identity: section(
    {
      enabled: onOff.default(true).describe('Serve the identity server API'),
      legacy_v1: onOff.default(false).describe('Also its paths of version 1'),
    },
    'Identity server',
  ).prefault({}),
  push_gateway: section(
    {
      enabled: onOff.default(true).describe('Serve the push gateway API'),
      apps: z.record(z.string(), z.record(z.string(), z.unknown())).default({}).describe('Apps by app id'),
    },
    'Push gateway',
  ).prefault({}),
  graphql: section(
    {
      introspection: onOff.default(true).describe('Answer questions about the schema'),
      max_depth: z.int().min(1).max(100).default(12).describe('Deepest query'),
      max_complexity: z.int().min(1).default(2000).describe('Largest cost of a query'),
    },
    'GraphQL',
  ).prefault({}),
  log: section(
    {
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info').describe('Least severity'),
      format: z.enum(['pretty', 'json']).default('pretty').describe('For people or for machines'),
    },
    'Logging',
  ).prefault({}),
});

/** Configuration as written: any part may be absent. */
export type ConfigInput = z.input<typeof configSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
