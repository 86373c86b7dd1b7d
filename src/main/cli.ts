#!/usr/bin/env node
import { Command } from 'commander';
import { addConfigCommands } from './commands/config';
import { addStartCommand } from './commands/start';
import { reportFailure } from './commands/report';

const program = new Command('trellis').description('A Matrix homeserver').showHelpAfterError();
addStartCommand(program);
addConfigCommands(program);

program.parseAsync().catch(reportFailure);
