import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printRequestSignature, requestText, SigningKey, type SignedParts } from '#protocol/signing/index';
import type { FederatedServer } from './federation';

/** The key that a Trellis signs with, from its own folder. */
export function signingKeyOf(server: FederatedServer): SigningKey {
  const [, version, seed] = readFileSync(join(server.folder, 'signing.key'), 'utf8').trim().split(' ');
  return SigningKey.fromSeed(`ed25519:${version}`, Buffer.from(seed!, 'base64'));
}

/** The headers by which a Trellis signs `GET uri` for another server. */
export function signedGet(server: FederatedServer, destination: string, uri: string): { authorization: string } {
  return signedRequest(server, { method: 'GET', uri, destination, content: undefined });
}

/** The same for any request. */
export function signedRequest(server: FederatedServer, request: Omit<SignedParts, 'origin'>) {
  const key = signingKeyOf(server);
  const parts = { ...request, origin: server.serverName };
  const signature = key.sign(requestText(parts));
  return { authorization: printRequestSignature({ ...parts, keyId: key.keyId, signature }) };
}
