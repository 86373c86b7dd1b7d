import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printRequestSignature, requestText, SigningKey } from '#protocol/signing/index';
import type { FederatedServer } from './federation';

/** The key that a Trellis signs with, from its own folder. */
export function signingKeyOf(server: FederatedServer): SigningKey {
  const [, version, seed] = readFileSync(join(server.folder, 'signing.key'), 'utf8').trim().split(' ');
  return SigningKey.fromSeed(`ed25519:${version}`, Buffer.from(seed!, 'base64'));
}

/** The headers by which a Trellis signs `GET uri` for another server. */
export function signedGet(server: FederatedServer, destination: string, uri: string): { authorization: string } {
  const key = signingKeyOf(server);
  const origin = server.serverName;
  const signature = key.sign(requestText({ method: 'GET', uri, origin, destination, content: undefined }));
  return { authorization: printRequestSignature({ origin, destination, keyId: key.keyId, signature }) };
}
