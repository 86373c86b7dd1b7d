import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { Command } from 'commander';
import { createLogger } from '#platform/telemetry/logger';
import { Metrics } from '#platform/telemetry/metrics';
import { ConfigError, loadConfig, type Config } from '../config/index';
import { createSigningKey, rotateSigningKey } from '../setup/signing-key-file';
import { sqliteFile } from '../storage/data-source';
import { openDatabase } from '../storage/open-database';

interface Options {
  readonly config?: string;
}

export function addMaintenanceCommands(program: Command): void {
  program
    .command('migrate')
    .description('make the database, or bring it up to date, without starting the server')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(async ({ config: file }: Options) => {
      const config = loadConfig({ file });
      const database = await openDatabase(config.database, createLogger(config.log), new Metrics(), () => undefined);
      await database.close();
      process.stdout.write('The database is up to date.\n');
    });
  addKeyCommands(program.command('keys').description('signing keys'));
  program
    .command('backup <folder>')
    .description('copy the SQLite database and the signing key to a new folder, also while the server runs')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(async (folder: string, { config: file }: Options) => {
      await backup(loadConfig({ file }), folder);
      process.stdout.write(`Copied to ${folder}. Media lies beside the database and is copied by other means.\n`);
    });
}

function addKeyCommands(keys: Command): void {
  keys
    .command('generate [file]')
    .description('make a signing key in a new file; by default where the configuration has it')
    .option('-c, --config <file>', 'configuration, YAML')
    .action((target: string | undefined, { config: file }: Options) => {
      const key = createSigningKey(target ?? loadConfig({ file }).signing_key);
      process.stdout.write(`${key.keyId} ${key.publicKey}\n`);
    });
  keys
    .command('rotate')
    .description('replace the signing key; the old one stays published for the events of its day')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(({ config: file }: Options) => {
      const key = rotateSigningKey(loadConfig({ file }).signing_key);
      process.stdout.write(`${key.keyId} ${key.publicKey}\nThe server signs with it from its next start on.\n`);
    });
}

async function backup(config: Config, folder: string): Promise<void> {
  const source = sqliteFile(config.database.url);
  if (source === undefined) {
    throw new ConfigError([
      'database.url: copies of MySQL and MariaDB are made with mariadb-dump --single-transaction',
    ]);
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new SqliteDatabase(source, { readonly: true, fileMustExist: true });
  try {
    await database.backup(join(folder, 'trellis.db'));
  } finally {
    database.close();
  }
  copyFileSync(config.signing_key, join(folder, 'signing.key'));
}
