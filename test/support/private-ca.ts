import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key: the files, as servers want them, and their text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority for one run of tests, made by openssl: node:crypto issues no certificates. */
export interface PrivateCa {
  /** The authority's own certificate, to be trusted by the other side. */
  readonly caFile: string;
  readonly ca: string;
  /** A certificate for these names and IP addresses. */
  issue(...names: string[]): Certificate;
  /** A certificate that was over long ago. */
  issueExpired(...names: string[]): Certificate;
  remove(): void;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

export function makePrivateCa(): PrivateCa {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-ca-'));
  const caFile = join(folder, 'ca.pem');
  const caKey = join(folder, 'ca.key');
  const subject = ['-subj', '/CN=Trellis tests'];
  const extensions = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  openssl('req', '-x509', ...KEY, '-keyout', caKey, '-out', caFile, '-days', '2', ...subject, ...extensions);
  let count = 0;
  const issue = (names: readonly string[], validity: readonly string[]): Certificate => {
    const stem = join(folder, `leaf-${++count}`);
    const [certFile, keyFile, request, extras] = [`${stem}.pem`, `${stem}.key`, `${stem}.csr`, `${stem}.ext`] as const;
    const alternatives = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',');
    writeFileSync(extras, `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`);
    openssl('req', '-new', ...KEY, '-keyout', keyFile, '-out', request, '-subj', '/CN=leaf');
    const signer = ['-CA', caFile, '-CAkey', caKey, '-set_serial', String(count), '-extfile', extras];
    openssl('x509', '-req', '-in', request, ...signer, '-out', certFile, ...validity);
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  };
  return {
    caFile,
    ca: readFileSync(caFile, 'utf8'),
    issue: (...names) => issue(names, ['-days', '2']),
    issueExpired: (...names) => issue(names, ['-days', '-1']),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
