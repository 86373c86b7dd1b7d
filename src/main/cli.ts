#!/usr/bin/env node
import { Command } from 'commander';
import { addConfigCommands } from './commands/config';
import { addDoctorCommand } from './commands/doctor';
import { addMaintenanceCommands } from './commands/maintenance';
import { reportFailure } from './commands/report';
import { addStartCommand } from './commands/start';
import { addTokenCommands } from './commands/token';
import { addUserCommands } from './commands/user';

// What this program makes (keys, databases, media) is for nobody else on the machine.
process.umask(0o077);

const program = new Command('trellis').description('A Matrix homeserver').showHelpAfterError();
addStartCommand(program);
addConfigCommands(program);
addMaintenanceCommands(program);
addUserCommands(program);
addTokenCommands(program);
addDoctorCommand(program);

program.parseAsync().catch(reportFailure);
