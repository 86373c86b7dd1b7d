import type { Command } from 'commander';
import type { Domain } from '#domain/domain';
import { makeUserId } from '#kernel/ids';
import { loadConfig, type Config } from '../config/index';
import { DatabaseInUseError } from '../storage/open-database';
import { withDomain } from './offline';
import { askPassword } from './passwords';
import { registerOnRunningServer, type NewUser } from './running-server';

interface Options {
  readonly config?: string;
  readonly admin?: boolean;
}

export function addUserCommands(program: Command): void {
  const user = program.command('user').description('accounts');
  user
    .command('create <name>')
    .description('make an account; the password is asked for, or read from standard input')
    .option('--admin', 'with the rights of an administrator')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(async (username: string, { config: file, admin = false }: Options) => {
      const config = loadConfig({ file });
      const userId = await create(config, { username, password: await askPassword(), admin });
      process.stdout.write(`${userId}\n`);
    });
  user
    .command('reset-password <user>')
    .description('give an account a new password and end its sessions')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(async (name: string, { config: file }: Options) => {
      const config = loadConfig({ file });
      const password = await askPassword();
      await withDomain(config, (domain) => resetPassword(domain, userIdOf(config, name), password));
    });
}

/** A user id, given whole or by its first part. */
export function userIdOf(config: Config, name: string): string {
  return name.startsWith('@') ? name : makeUserId(name, config.server_name);
}

async function create(config: Config, user: NewUser): Promise<string> {
  try {
    return await withDomain(config, (domain) => createOffline(domain, user));
  } catch (error) {
    if (error instanceof DatabaseInUseError) return registerOnRunningServer(config, user);
    throw error;
  }
}

async function createOffline({ accounts }: Domain, { username, password, admin }: NewUser): Promise<string> {
  const passwordHash = await accounts.passwords.hash(password);
  return (await accounts.create({ localpart: username, passwordHash, isAdmin: admin })).userId;
}

async function resetPassword({ accounts, accountLifecycle }: Domain, userId: string, password: string): Promise<void> {
  await accounts.requireActive(userId);
  const requester = { userId, deviceId: null, tokenId: 0, isGuest: false, isAdmin: true };
  await accountLifecycle.changePassword(requester, password, true);
}
