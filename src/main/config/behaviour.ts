import { z } from 'zod';
import { onOff, secret, section } from './primitives';

const ROOM_VERSIONS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'] as const;

export const rooms = section(
  {
    default_version: z
      .preprocess((value) => (typeof value === 'number' ? String(value) : value), z.enum(ROOM_VERSIONS))
      .default('12')
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
        z.strictObject({ version: z.string(), name: z.string(), url: z.string(), language: z.string().default('en') }),
      )
      .default({})
      .describe('Documents to agree to, by a name of your own'),
  },
  'Making accounts',
);

const bucket = (perSecond: number, burst: number, what: string) =>
  section(
    {
      per_second: z.number().positive().default(perSecond).describe('Refilled per second'),
      burst: z.int().min(1).default(burst).describe('At once'),
    },
    what,
  ).prefault({});

export const rateLimits = section(
  {
    enabled: onOff.default(true).describe('Limit how often anyone may ask'),
    request: bucket(50, 200, 'Requests that the specification marks as rate-limited, per user'),
    message: bucket(10, 50, 'Events sent, per user'),
    room: bucket(1, 20, 'Rooms created and joined, per user'),
    invite: bucket(1, 30, 'Invitations, per user'),
    login: bucket(0.2, 10, 'Logins, per address and per account'),
    failed_login: bucket(0.1, 5, 'Wrong passwords, per account'),
    registration: bucket(0.2, 10, 'New accounts, per address'),
  },
  'How often anyone may ask',
);
