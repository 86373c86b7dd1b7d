import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodeBase64, encodeBase64 } from '#kernel/base64';
import { SigningKey } from '#protocol/signing/index';
import { ConfigError } from '../config/config-error';

/** One line: `ed25519 <version> <seed in Base64>`. */
const LINE = /^ed25519 ([a-zA-Z0-9_]+) ([A-Za-z0-9+/]{43}=?)$/;

/**
 * The key that signs this server's events, read from `file`; made there, readable by nobody else, when the file is
 * missing. A key is never derived from anything.
 * @throws ConfigError when the file holds something else
 */
export function loadOrCreateSigningKey(file: string): SigningKey {
  const text = readIfThere(file);
  return text === undefined ? createSigningKey(file) : parseSigningKey(text, file);
}

/** Makes a new key file; fails when it exists. */
export function createSigningKey(file: string): SigningKey {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const version = `a_${randomBytes(3).toString('hex')}`;
  const line = `ed25519 ${version} ${encodeBase64(randomBytes(32))}\n`;
  writeFileSync(file, line, { mode: 0o600, flag: 'wx' });
  return parseSigningKey(line, file);
}

/**
 * Makes a new key in place of the one in `file`, which is kept beside it under its version. The server signs with it from
 * its next start on, and then goes on publishing the old one for the events of its day.
 * @throws ConfigError when the file holds no key
 */
export function rotateSigningKey(file: string): SigningKey {
  const text = readIfThere(file);
  if (text === undefined) throw new ConfigError([`signing_key: ${file} does not exist; it is made on first start`]);
  const { keyId } = parseSigningKey(text, file);
  renameSync(file, `${file}.${keyId.replace('ed25519:', '')}.old`);
  return createSigningKey(file);
}

function parseSigningKey(text: string, file: string): SigningKey {
  const match = LINE.exec(text.trim());
  const seed = decodeBase64(match?.[2] ?? '');
  if (match === null || seed === undefined) {
    throw new ConfigError([`signing_key: ${file} does not hold "ed25519 <version> <32 bytes in Base64>"`]);
  }
  return SigningKey.fromSeed(`ed25519:${match[1]}`, seed);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError([`signing_key: ${(error as Error).message}`]);
  }
}
