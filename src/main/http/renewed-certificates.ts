import { readFileSync } from 'node:fs';
import type { Server } from 'node:tls';
import type { Logger } from '#kernel/logger';

/** Files of a certificate chain and its private key, PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What a server needs of them. Throws the operating system's error for a file that cannot be read. */
export function readCertificate({ cert, key }: CertificateFiles) {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), minVersion: 'TLSv1.2' } as const;
}

/**
 * Has a server use its files again when they change: certificates live for weeks, servers for longer. New connections get
 * the new one, others go on. Files that do not fit together, as while one is written and the other is not yet, change nothing.
 *
 * @param inUse what the server was made with
 * @param everyMs how often to look; by reading, since a renewal often replaces the files behind a symbolic link
 * @returns the way to stop
 */
export function followRenewals(
  server: Server,
  files: CertificateFiles,
  inUse: ReturnType<typeof readCertificate>,
  log: Logger,
  everyMs = 60_000,
): () => void {
  let seen = inUse;
  const look = () => {
    try {
      const now = readCertificate(files);
      if (now.cert === seen.cert && now.key === seen.key) return;
      seen = now;
      server.setSecureContext(now);
      log.info({ cert: files.cert }, 'certificate renewed');
    } catch (error) {
      log.warn({ cert: files.cert, error }, 'the certificate files cannot be used; the one from before stays');
    }
  };
  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}
