import type { Command } from 'commander';
import { configurationReference, loadConfig } from '../config/index';

export function addConfigCommands(program: Command): void {
  const config = program.command('config').description('look at the configuration');
  config
    .command('check')
    .description('say whether the configuration is right')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(({ config: file }: { config?: string }) => {
      const { server_name: name } = loadConfig({ file });
      process.stdout.write(`The configuration of ${name} is right.\n`);
    });
  config
    .command('reference')
    .description('print the reference of all keys, as in docs/configuration.md')
    .action(() => void process.stdout.write(configurationReference()));
}
