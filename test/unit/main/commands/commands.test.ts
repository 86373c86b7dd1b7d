import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from '../../../support/api';
import { runTrellis, startTrellis } from '../../../support/process';

describe('the command line', () => {
  let folder: string;
  let env: Record<string, string>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trellis-cli-'));
    env = {
      TRELLIS_DATA_DIR: join(folder, 'data'),
      TRELLIS_PASSWORDS: '{memory_kib: 8, iterations: 1}',
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const trellis = (args: string[], input = '') => runTrellis(args, { input, env });

  it('refuses a wrong configuration in one line and with status 1', async () => {
    env['TRELLIS_LISTENERS'] = '[{prot: 1}]';
    expect(await trellis(['start'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'trellis: listeners[0].prot: unknown key\n',
    });
  });

  it('makes accounts and tokens before the server runs, which then knows them', async () => {
    expect(await trellis(['user', 'create', 'alice', '--admin'], 'sesame\n')).toMatchObject({
      stdout: '@alice:localhost\n',
    });
    expect(await trellis(['user', 'create', 'alice'], 'sesame\n')).toMatchObject({
      status: 1,
      stderr: 'trellis: This user ID is already taken\n',
    });
    const token = (await trellis(['token', 'issue', 'alice'])).stdout.trim();
    const server = await startTrellis(env);
    const api = new Api(server.url, token);
    expect(await api.call('GET', '/_matrix/client/v3/account/whoami')).toMatchObject({ user_id: '@alice:localhost' });
    expect(await server.stop()).toBe(0);
    expect(server.output()).not.toContain(token);
  });

  it('gives a new password and ends the sessions of the old one', async () => {
    await trellis(['user', 'create', 'alice'], 'old\n');
    const token = (await trellis(['token', 'issue', 'alice'])).stdout.trim();
    expect(await trellis(['user', 'reset-password', 'alice'], 'new\n')).toMatchObject({ status: 0 });
    const server = await startTrellis(env);
    const login = (password: string) =>
      new Api(server.url).post('/_matrix/client/v3/login', { type: 'm.login.password', user: 'alice', password });
    expect((await new Api(server.url, token).get('/_matrix/client/v3/account/whoami')).status).toBe(401);
    expect((await login('old')).status).toBe(403);
    expect((await login('new')).status).toBe(200);
    await server.stop();
  });

  it('makes accounts through the running server when that has a shared secret, and says so when not', async () => {
    const quiet = await startTrellis(env);
    expect(await trellis(['user', 'create', 'bob'], 'sesame\n')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('registration.shared_secret') as string,
    });
    await quiet.stop();
    env['TRELLIS_REGISTRATION__SHARED_SECRET'] = 'known to both';
    const server = await startTrellis(env);
    env['TRELLIS_PUBLIC_BASE_URL'] = server.url;
    expect(await trellis(['user', 'create', 'bob'], 'sesame\n')).toMatchObject({
      status: 0,
      stdout: '@bob:localhost\n',
    });
    await server.stop();
  });

  it('makes a key file that only its owner can read, and never a second time', async () => {
    const file = join(folder, 'keys', 'one');
    expect(await trellis(['keys', 'generate', file])).toMatchObject({
      stdout: expect.stringMatching(/^ed25519:a_\w{6} \S{43}\n$/) as string,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await trellis(['keys', 'generate', file])).toMatchObject({ status: 1 });
  });

  it('copies a database in use, and the copy works elsewhere', async () => {
    await trellis(['user', 'create', 'alice'], 'sesame\n');
    const copy = join(folder, 'copy');
    const server = await startTrellis(env);
    const made = await trellis(['backup', copy]);
    await server.stop();
    expect(made).toMatchObject({ status: 0 });
    expect(existsSync(join(copy, 'signing.key'))).toBe(true);
    env['TRELLIS_DATA_DIR'] = copy;
    expect(await trellis(['token', 'issue', 'alice'])).toMatchObject({ status: 0 });
  });

  it('looks for what is wrong', async () => {
    await trellis(['migrate']);
    const server = await startTrellis(env);
    env['TRELLIS_PUBLIC_BASE_URL'] = server.url;
    expect(await trellis(['doctor'])).toMatchObject({
      status: 0,
      stdout: expect.not.stringContaining('PROBLEM') as string,
    });
    await server.stop();
    env['TRELLIS_SERVER_NAME'] = 'other.example';
    const { status, stdout } = await trellis(['doctor']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/PROBLEM {2}database: belongs to localhost/);
    expect(stdout).toMatch(/PROBLEM {2}public_base_url: .* does not answer/);
  });
});
