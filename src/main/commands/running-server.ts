import { createHmac } from 'node:crypto';
import { ConfigError, type Config } from '../config/index';

export interface NewUser {
  readonly username: string;
  readonly password: string;
  readonly admin: boolean;
}

/**
 * Makes an account through the server that is running, by its shared secret. Returns the user id.
 * @throws ConfigError when no secret is set, or the server refuses
 */
export async function registerOnRunningServer(config: Config, user: NewUser): Promise<string> {
  const { shared_secret: secret } = config.registration;
  if (secret === null) {
    throw new ConfigError([
      'the server is running: stop it, or set registration.shared_secret, which lets this command ask it',
    ]);
  }
  const url = `${config.public_base_url}/_synapse/admin/v1/register`;
  const { nonce } = (await ask(url)) as { nonce: string };
  const parts = [nonce, user.username, user.password, user.admin ? 'admin' : 'notadmin'];
  const mac = createHmac('sha1', secret).update(parts.join('\0')).digest('hex');
  const body = JSON.stringify({ nonce, ...user, mac, inhibit_login: true });
  const made = await ask(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (made as { user_id: string }).user_id;
}

async function ask(url: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new ConfigError([`the server is running, but ${url} does not answer: ${String(error)}`]);
  });
  const body = (await response.json()) as { error?: string };
  if (!response.ok) throw new ConfigError([body.error ?? `the server answered ${response.status}`]);
  return body;
}
