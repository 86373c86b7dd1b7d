import { z } from 'zod';
import { onOff, secret, section } from './primitives';

const ROOM_VERSIONS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'] as const;

export const rooms = section(
  {
    default_version: z
      .preprocess((value) => (typeof value === 'number' ? String(value) : value), z.enum(ROOM_VERSIONS))
      .default('12')
      .meta({ default: '12' })
      .describe('Version of rooms created without naming one'),
    publish_policy: z
      .enum(['open', 'admins', 'nobody'])
      .default('open')
      .describe('Who may list a room in the public directory: its moderators, administrators of the server, nobody'),
  },
  'Rooms',
);

export const registration = section(
  {
    enabled: onOff.default(false).describe('Anybody may make an account'),
    shared_secret: secret
      .default(null)
      .describe('Whoever knows it may make accounts, administrators too, at /_synapse/admin/v1/register'),
    require_token: onOff.default(false).describe('New accounts need a registration token'),
    require_email: onOff.default(false).describe('New accounts need a mail address'),
    require_terms: onOff.default(false).describe('New accounts must agree to `terms`'),
    allow_guests: onOff.default(false).describe('Guests may look around without an account'),
    terms: z
      .record(
        z.string(),
        z.strictObject({
          version: z.string().describe('Version of the document; a new one is agreed to anew'),
          name: z.string().describe('Title'),
          url: z.string().describe('Where it can be read'),
          language: z.string().default('en').describe('Language of title and text'),
        }),
      )
      .default({})
      .describe('Documents to agree to, by a name of your own'),
  },
  'Making accounts',
);

export const passwords = section(
  {
    memory_kib: z.int().min(8).max(4_194_304).default(19_456).describe('Memory that hashing a password takes, in KiB'),
    iterations: z.int().min(1).max(1_000).default(2).describe('Passes over that memory'),
    parallelism: z.int().min(1).max(64).default(1).describe('Lanes of the hash'),
    min_length: z.int().min(1).max(128).default(1).describe('Shortest new password, in characters'),
  },
  'Passwords, hashed with Argon2id',
);

export const sessions = section(
  {
    refreshable_token_seconds: z
      .int()
      .min(1)
      .default(300)
      .describe('Life of the access tokens of clients that can refresh them; those of others do not expire'),
    refresh_token_seconds: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('Life of an unused refresh token; null for no end'),
    authentication_seconds: z
      .int()
      .min(10)
      .default(1_800)
      .describe('How long the steps of an authentication (registration, removal of a device) may take together'),
  },
  'Sign-ins',
);

const rate = (requests: number, seconds: number, what: string) =>
  section(
    {
      requests: z.int().min(1).default(requests).describe('so many requests'),
      seconds: z.int().min(1).default(seconds).describe('in so many seconds'),
    },
    what,
  ).prefault({});

export const rateLimits = section(
  {
    enabled: onOff.default(true).describe('Limit how often anyone may ask'),
    login: rate(20, 60, 'Logins and token refreshes, per address'),
    failed_login: rate(10, 60, 'Wrong passwords, per account'),
    registration: rate(20, 60, 'New accounts and questions for free names, per address'),
    message: rate(100, 10, 'Events sent, per user'),
    remote: rate(
      200,
      60,
      'Requests that can have other servers asked, as joins and profiles of their users, per user or address',
    ),
    other: rate(300, 10, 'Every other request that the specification calls rate-limited, per user or address'),
    received_invite: rate(300, 60, 'Invites of users here, per server that sends them'),
    federation: rate(
      1_000,
      10,
      'Other requests of other servers, per server, and questions for the keys of others, per address; not transactions, which come one after another',
    ),
  },
  'How often anyone may ask',
);
