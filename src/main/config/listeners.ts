import { z } from 'zod';
import { address, port } from './primitives';

/** What a listener can serve. */
export const resources = [
  'client',
  'federation',
  'identity',
  'push',
  'appservice',
  'graphql',
  'dashboard',
  'metrics',
  'health',
] as const;
export type Resource = (typeof resources)[number];

const tls = z
  .strictObject({
    cert: z.string().describe('File with the certificate chain, PEM'),
    key: z.string().describe('File with the private key, PEM'),
  })
  .nullable();

const listener = z.strictObject({
  bind: address.default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every IPv4 address, :: for all'),
  port: port.default(8008).describe('TCP port; 0 takes a free one'),
  tls: tls.default(null).describe('Certificate and key; without them the listener speaks plain HTTP'),
  resources: z
    .array(z.enum(resources))
    .min(1)
    .default([...resources])
    .describe('What is served here'),
  trusted_proxies: z
    .array(z.string())
    .default([])
    .describe('Addresses or networks (CIDR) of reverse proxies whose X-Forwarded-For is believed'),
});
export type ListenerConfig = z.output<typeof listener>;

export const listeners = z
  .array(listener)
  .min(1)
  .prefault([{}])
  .describe('Where the server listens. The default is one listener for everything on 127.0.0.1:8008');
