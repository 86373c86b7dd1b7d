import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificates of PEM files, one or more in each.
 * @throws ConfigError naming `key` and the file that cannot be read or holds none
 */
export function certificatesIn(files: readonly string[], key: string): string[] {
  return files.flatMap((file) => {
    try {
      const blocks = readFileSync(file, 'utf8').match(BLOCK) ?? [];
      if (blocks.length === 0) throw new Error('no certificate in it');
      return blocks.map((block) => new X509Certificate(block).toString());
    } catch (error) {
      throw new ConfigError([`${key}: ${file}: ${(error as Error).message}`]);
    }
  });
}
