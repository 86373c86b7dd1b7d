import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartedServer } from './started-server';

const build = jest.requireActual<{ buildIfStale(): number }>('../../scripts/build.js');

interface Step {
  readonly step: string;
  readonly seen: unknown;
}

const ALICE = '@alice:clients.test';
const BOB = '@bob:clients.test';
const seen = new Map<string, unknown>();
let failure = '';

/** Runs the clients to their end, restarting the server when they ask for it. */
async function converse(server: StartedServer): Promise<number | null> {
  const script = spawn(process.execPath, [join(__dirname, 'conversation.mjs')], {
    env: { PATH: process.env['PATH'], BASE_URL: server.url },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  script.stderr.on('data', (chunk: Buffer) => (failure += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => script.on('close', resolve));
  for await (const line of createInterface({ input: script.stdout })) {
    const { step, seen: what } = JSON.parse(line) as Step;
    seen.set(step, what);
    if (step === 'restart') await server.restart();
    if (step === 'restart') script.stdin.write('the server is back\n');
  }
  return ended;
}

beforeAll(async () => {
  if (build.buildIfStale() !== 0) throw new Error('the program could not be built');
  const server = await StartedServer.start();
  try {
    const status = await converse(server);
    if (status !== 0)
      throw new Error(`the clients gave up after ${[...seen.keys()].join(', ')}:\n${failure.slice(-4_000)}`);
  } finally {
    await server.stop();
  }
}, 300_000);

test('two people register', () => {
  expect(seen.get('register')).toEqual([ALICE, BOB]);
});

test('who is invited to a room sees the invite, under the room’s name', () => {
  expect(seen.get('invite')).toEqual({ sameRoom: true, name: 'Garden' });
});

test('who is in the room sees the other come in', () => {
  expect(seen.get('join')).toBe(BOB);
});

test('a message arrives live', () => {
  expect(seen.get('send')).toEqual({ sender: ALICE, sameEvent: true, liveEvent: true });
});

test('a reaction arrives with what it is about', () => {
  expect(seen.get('react')).toMatchObject({ rel_type: 'm.annotation', key: '👍' });
});

test('a redacted message loses its content for the other', () => {
  expect(seen.get('redact')).toEqual({ isRedacted: true, content: {} });
});

test('a read receipt is seen by the sender of what was read', () => {
  expect(seen.get('read receipt')).toBe(true);
});

test('typing is seen', () => {
  expect(seen.get('typing')).toBe(BOB);
});

test('a new device sees the newest messages, and pages back through all of them in order', () => {
  const { atFirst, atLast } = seen.get('paginate') as { atFirst: string[]; atLast: string[] };
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
  expect(atFirst).toEqual(lines.slice(-5));
  expect(atLast.slice(atLast.indexOf('hello'))).toEqual(['hello', 'read me', ...lines]);
});

test('after a restart of the server both clients go on without doing anything', () => {
  expect(seen.get('go on')).toBe(ALICE);
  expect(seen.get('answer')).toBe(BOB);
});
