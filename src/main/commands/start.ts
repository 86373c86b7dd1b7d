import type { Command } from 'commander';
import { loadConfig, type Config } from '../config/index';

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('run the server')
    .option('-c, --config <file>', 'configuration, YAML')
    .action(async ({ config: file }: { config?: string }) => {
      const config = loadConfig({ file });
      // Only here: the other commands need not load the doors.
      const { startServer } = await import('#main/server');
      const server = await startServer(config);
      server.metrics.watchProcess();
      hint(config);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.stop());
      process.on('unhandledRejection', (error) =>
        server.log.error({ error }, 'a promise was rejected and nobody looked'),
      );
      await server.stopped;
    });
}

/** The way to a first conversation, for who starts without any accounts in sight. */
function hint({ registration, log }: Config): void {
  if (log.level === 'silent' || registration.enabled || registration.shared_secret !== null) return;
  process.stderr.write('Registration is off. To try the server out: TRELLIS_REGISTRATION__ENABLED=true npm start\n');
}
