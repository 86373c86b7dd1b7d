import type { SignedIn } from '#domain/sessions';

/** What login and registration answer. Old clients read `home_server`. */
export function signedInToWire(
  { userId, deviceId, accessToken, refreshToken, expiresInMs }: SignedIn,
  serverName: string,
) {
  return {
    user_id: userId,
    home_server: serverName,
    device_id: deviceId,
    access_token: accessToken,
    ...(refreshToken !== undefined && { refresh_token: refreshToken, expires_in_ms: expiresInMs }),
  };
}
