import { join } from 'node:path';
import type { Domain } from '#domain/domain';
import type { Requester } from '#kernel/requester';
import { clientServerDelegates, type ClientServerOptions } from '#rest/client-server/index';
import { serverServerDelegates, type ServerServerOptions } from '#rest/server-server/index';
import { contracts } from '#rest/generated/index';
import type { TokenUse } from '#rest/runtime/authenticate';
import { documentsIn } from '#rest/runtime/documents';
import { createRestDoor } from '#rest/runtime/door';
import type { Config, Resource } from '../config/index';
import { federationHost } from '../config/slices';
import type { Machinery } from '../machinery';
import { packageRoot, packageVersion } from '../package-root';
import type { HttpPart } from './app';
import type { DoorLimits } from './limits';

const DOCUMENTS = join(packageRoot, 'rest', 'generated', 'documents');
const MATRIX: readonly Resource[] = ['client', 'federation', 'identity', 'push', 'appservice'];

/** The five specifications over HTTP. */
export function restPart(machinery: Machinery, domain: Domain, limits: DoorLimits): HttpPart {
  const { config, log, metrics, strictResponses } = machinery;
  const door = createRestDoor({
    contracts,
    delegates: {
      'client-server': clientServerDelegates(domain, clientServerOptions(config)),
      'server-server': serverServerDelegates(domain, serverServerOptions(config)),
    },
    documents: documentsIn(DOCUMENTS),
    authenticate: {
      user: (token, use) => authenticateUser(domain, token, use),
      server: (request) => domain.federation.requests.authenticate(request),
    },
    logger: log,
    serverName: config.server_name,
    rateLimits: limits.rest,
    limiterStore: limits.store,
    bodyLimits: { binary: config.media.max_upload_bytes },
    legacyGroups: [...config.legacy_paths, ...(config.identity.legacy_v1 ? ['identity_v1'] : [])],
    validateResponses: strictResponses,
    observe: (operation, status, seconds) => metrics.request(operation, status, seconds),
  });
  // Tests start many servers, and each asks for a few operations only.
  if (!strictResponses) setImmediate(() => door.warm());
  const off = switchedOff(config);
  return {
    resources: MATRIX,
    handler: ({ resources, trusted_proxies: trustedProxies }) =>
      door.handler({ resources: new Set(resources.filter((resource) => !off.has(resource))), trustedProxies }),
  };
}

function clientServerOptions(config: Config): ClientServerOptions {
  return { publicBaseUrl: config.public_base_url, defaultRoomVersion: config.rooms.default_version };
}

function serverServerOptions(config: Config): ServerServerOptions {
  return { version: packageVersion, federationHost: federationHost(config) };
}

async function authenticateUser({ sessions, devices }: Domain, token: string, use: TokenUse): Promise<Requester> {
  const requester = await sessions.authenticate(token, { allowLocked: use.allowLocked });
  if (requester.deviceId !== null) devices.seen(requester.userId, requester.deviceId, use);
  return requester;
}

function switchedOff(config: Config): ReadonlySet<Resource> {
  const off = new Set<Resource>();
  if (!config.federation.enabled) off.add('federation');
  if (!config.identity.enabled) off.add('identity');
  if (!config.push_gateway.enabled) off.add('push');
  return off;
}
