import type { Registered } from '#domain/account-lifecycle';
import type { Domain } from '#domain/domain';
import type { Gaps } from '#rest/generated/gaps';
import type { Register, Registration } from '#rest/generated/client-server/registration.routes';
import type { Served } from '#rest/runtime/served';
import { signedInToWire } from './signed-in.mapper';

type Features = Pick<Domain, 'accounts' | 'accountLifecycle'>;

export const registration = ({
  accounts,
  accountLifecycle: { registration: registrations },
}: Features): Served<Registration, Gaps['client-server']> => ({
  async register({ query, body }) {
    const guest = query.kind === 'guest';
    const registered = guest
      ? await registrations.registerGuest(body.initial_device_display_name)
      : await registrations.register(readRequest(body), body);
    return registeredToWire(registered, accounts.serverName);
  },

  async checkUsernameAvailability({ query }) {
    await registrations.assertAvailable(query.username);
    return { available: true };
  },
});

/** `type` is what application services send beside the specified members. */
function readRequest(body: Register['body'] & { readonly type?: unknown }) {
  return {
    username: body.username,
    password: body.password,
    deviceId: body.device_id || undefined,
    displayName: body.initial_device_display_name,
    inhibitLogin: body.inhibit_login,
    refreshable: body.refresh_token,
    type: typeof body.type === 'string' ? body.type : undefined,
  };
}

function registeredToWire({ userId, signedIn }: Registered, serverName: string) {
  return signedIn === undefined ? { user_id: userId, home_server: serverName } : signedInToWire(signedIn, serverName);
}
