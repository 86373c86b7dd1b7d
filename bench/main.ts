import { Command } from 'commander';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateCa } from '../test/support/private-ca';
import { figure, type Figure } from './load/figures';
import { HttpClient } from './load/http';
import { registerUsers } from './load/user';
import { machine, table } from './report';
import { joinMade, joinServed } from './scenarios/federation-join';
import { receiving } from './scenarios/federation-receive';
import { sendingOut } from './scenarios/federation-send';
import { growingHistory, joining } from './scenarios/growing-room';
import type { Scenario } from './scenarios/scenario';
import { sending } from './scenarios/send';
import { idleSyncs, incrementalSync, initialSync, sendToSync } from './scenarios/syncing';
import { ceiling } from './servers/ceiling';
import { SECRET, type BenchServer, type Surroundings } from './servers/server';
import { startSynapse, synapseVersion } from './servers/synapse';
import { startTrellis } from './servers/trellis';

const scenarios: Record<string, Scenario> = {
  send: sending,
  'send-to-sync': sendToSync,
  'incremental-sync': incrementalSync,
  join: joining,
  history: growingHistory,
  'initial-sync': initialSync,
  memory: idleSyncs,
  'federation-receive': receiving,
  'federation-send': sendingOut,
  'federation-join-made': joinMade,
  'federation-join-served': joinServed,
};

interface Options {
  against?: string;
  only?: string[];
  scale: number;
  database?: string;
  profile?: string;
}

/** Runs the scenarios on one server; each gets a server of its own, so that none measures what another left behind. */
async function measure(
  start: (surroundings: Surroundings) => Promise<BenchServer>,
  names: readonly string[],
  scale: number,
): Promise<Figure[]> {
  const ca = makePrivateCa();
  const figures: Figure[] = [];
  const starts: number[] = [];
  for (const name of names) {
    const server = await start({ ca });
    starts.push(server.startMs);
    const http = new HttpClient(server.baseUrl);
    try {
      const users = await registerUsers(http, SECRET, `${name.replaceAll('-', '')}`, 120);
      figures.push(...(await scenarios[name]!({ server, users, scale, ca })));
      process.stderr.write(`${server.name}: ${name} done\n`);
    } finally {
      http.close();
      await server.stop();
    }
  }
  ca.remove();
  return [...figures, figure('start-up: to the first answer', 'ms', 'less', starts)];
}

async function main(options: Options): Promise<void> {
  const names = chosen(options.only);
  if (!existsSync(join(__dirname, '../dist/src/main/cli.js')))
    execFileSync('npm', ['run', 'build'], { stdio: 'inherit' });
  const top = options.only === undefined ? await ceiling(options.scale) : [];
  const ours = await measure(
    (around) => startTrellis(around, options.database, profiling(options)),
    names,
    options.scale,
  );
  const theirs = options.against === 'synapse' ? await measure(startSynapse, names, options.scale) : [];
  const peer = theirs.length > 0 ? `Synapse ${synapseVersion()}` : undefined;
  process.stdout.write(`${machine()}\n\n${table([...top, ...ours], theirs, peer)}\n`);
}

/** Scenarios by name; `federation` is all whose names begin so. */
function chosen(only: readonly string[] | undefined): string[] {
  const all = Object.keys(scenarios);
  const matching = (name: string) => all.filter((one) => one === name || one.startsWith(`${name}-`));
  const unknown = only?.find((name) => matching(name).length === 0);
  if (unknown !== undefined) throw new Error(`--only: ${unknown} is not one of ${all.join(', ')}`);
  return only === undefined ? all : [...new Set(only.flatMap(matching))];
}

const profiling = ({ profile }: Options): string[] =>
  profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];

const program = new Command('bench')
  .description('measures Trellis, and a peer beside it in the same run')
  .option('--against <server>', 'also run the same load on a peer: synapse (installed from PyPI)')
  .option('--only <scenario...>', `only these: ${Object.keys(scenarios).join(', ')}`)
  .option('--scale <share>', 'share of the full load', Number, 1)
  .option('--profile <folder>', 'write CPU profiles of Trellis there')
  .option('--database <url>', 'run Trellis on this database instead of SQLite');
program.parse();
main(program.opts<Options>()).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
