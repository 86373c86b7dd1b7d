import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { now } from '#kernel/time';
import { HttpOut } from '#platform/http-out/http-out';
import { systemNames } from '#platform/http-out/names';
import { certificatesIn } from '../config/certificates';
import { loadConfig, type Config } from '../config/index';
import { loadOrCreateSigningKey } from '../setup/signing-key-file';
import { createDataSource, sqliteFile } from '../storage/data-source';
import { FederationDoctor } from './federation-doctor';
import { printFinding, type Finding } from './finding';

/** Days before a certificate ends at which somebody should look. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/** Throws what is wrong; returns what was found. */
type Examination = (config: Config) => Promise<string> | string;

const EXAMINATIONS: readonly (readonly [string, Examination])[] = [
  ['node', nodeVersion],
  ['data_dir', dataFolder],
  ['signing_key', signingKey],
  ['database', database],
  ['listeners', certificates],
  ['public_base_url', publicAddress],
];

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look for what is wrong with the set-up')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(async ({ config: file }: { config?: string }) => {
      const config = loadConfig({ file });
      const print = (finding: Finding) => void (process.exitCode = printFinding(finding) || process.exitCode);
      for (const [name, examine] of EXAMINATIONS) print(await find(name, () => examine(config)));
      for (const finding of await federation(config)) print(finding);
    });
}

async function find(name: string, examine: () => Promise<string> | string): Promise<Finding> {
  try {
    return { level: 'ok', name, text: await examine() };
  } catch (error) {
    return { level: 'PROBLEM', name, text: error instanceof Error ? error.message : String(error) };
  }
}

async function federation(config: Config): Promise<Finding[]> {
  if (!existsSync(config.signing_key))
    return [{ level: 'ok', name: 'federation', text: 'can be looked at when the server has run' }];
  const caCertificates = certificatesIn(config.federation.ca_certificates, 'federation.ca_certificates');
  const http = new HttpOut(systemNames, { allowPrivateNetworks: true, caCertificates });
  try {
    const signingKey = loadOrCreateSigningKey(config.signing_key);
    return await new FederationDoctor({ config, signingKey, http, names: systemNames, now }).examine();
  } finally {
    await http.close();
  }
}

function nodeVersion(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) throw new Error(`${process.version}; 20.19 or later is needed`);
  return process.version;
}

function dataFolder({ data_dir: folder }: Config): string {
  if (!existsSync(folder)) return `${folder} will be made on first start`;
  accessSync(folder, constants.R_OK | constants.W_OK);
  return folder;
}

function signingKey({ signing_key: file }: Config): string {
  if (!existsSync(file)) return `${file} will be made on first start`;
  const { keyId } = loadOrCreateSigningKey(file);
  if ((statSync(file).mode & 0o077) !== 0)
    throw new Error(`${file} can be read by other users of this machine (chmod 600)`);
  return keyId;
}

async function database({ database: { url }, server_name: name }: Config): Promise<string> {
  const file = sqliteFile(url);
  if (file !== undefined && !existsSync(file)) return `${file} will be made on first start`;
  const source = await createDataSource(url, 2).initialize();
  try {
    if (await source.showMigrations()) return 'will be brought up to date on the next start';
    const rows = await source.query<{ content: string }[]>(
      "SELECT content FROM server_settings WHERE name = 'server_name'",
    );
    const owner = rows[0]?.content ?? name;
    if (owner !== name) throw new Error(`belongs to ${owner}, but server_name is ${name}`);
    return 'up to date';
  } finally {
    await source.destroy();
  }
}

function certificates({ listeners }: Config): string {
  for (const { tls } of listeners) {
    if (tls === null) continue;
    readFileSync(tls.key);
    const days = (Date.parse(new X509Certificate(readFileSync(tls.cert)).validTo) - Date.now()) / DAY_MS;
    if (days < SOON_DAYS) throw new Error(`${tls.cert} ends in ${Math.floor(days)} days`);
  }
  return listeners.map(({ bind, port }) => `${bind}:${port}`).join(', ');
}

async function publicAddress({ public_base_url: url }: Config): Promise<string> {
  const response = await fetch(`${url}/_matrix/client/versions`, { signal: AbortSignal.timeout(5_000) }).catch(() => {
    throw new Error(`${url} does not answer; is the server running?`);
  });
  if (!response.ok) throw new Error(`${url}/_matrix/client/versions answers ${response.status}`);
  return `${url} answers`;
}
