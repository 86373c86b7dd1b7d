import type { Domain } from '#domain/domain';
import type { SharedSecretRegistration } from '#rest/generated/client-server/shared_secret_registration.routes';

type Features = Pick<Domain, 'accounts' | 'accountLifecycle'>;

export const sharedSecretRegistration = ({
  accounts,
  accountLifecycle: { sharedSecret },
}: Features): SharedSecretRegistration => ({
  async getRegistrationNonce() {
    return { nonce: await sharedSecret.nonce() };
  },

  async registerWithSharedSecret({ body }) {
    const { userId, signedIn } = await sharedSecret.register({
      ...body,
      admin: body.admin ?? false,
      userType: body.user_type ?? null,
      displayname: body.displayname ?? null,
      inhibitLogin: body.inhibit_login ?? false,
    });
    const tokens = signedIn && { access_token: signedIn.accessToken, device_id: signedIn.deviceId };
    return { user_id: userId, home_server: accounts.serverName, ...tokens };
  },
});
