import type { Command } from 'commander';
import { loadConfig } from '../config/index';
import { withDomain } from './offline';
import { userIdOf } from './user';

interface Options {
  readonly config?: string;
  readonly name: string;
}

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('access tokens');
  token
    .command('issue <user>')
    .description('sign in for an account and print the access token of its new device')
    .option('--name <text>', 'display name of the device', 'Issued on the command line')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(async (name: string, { config: file, name: displayName }: Options) => {
      const config = loadConfig({ file });
      const accessToken = await withDomain(config, async ({ accounts, sessions }, storage) => {
        const { userId } = await accounts.requireActive(userIdOf(config, name));
        return (await storage.write((tx) => sessions.issue(tx, { userId, displayName }))).accessToken;
      });
      process.stdout.write(`${accessToken}\n`);
    });
}
