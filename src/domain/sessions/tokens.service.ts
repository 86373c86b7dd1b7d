import type { AccountChange, Accounts } from '#domain/accounts';
import { ACCOUNTS_STREAM, UserDeactivatedError, UserLockedError } from '#domain/accounts';
import type { DeviceDependant, Devices } from '#domain/devices';
import { NotFoundError, UnknownTokenError } from '#kernel/errors';
import { randomSecret } from '#kernel/random';
import type { Clock } from '#kernel/time';
import type { Storage, Tx } from '#platform/storage/storage';
import type { SessionsConfig } from './sessions.config';
import type { RefreshedTokens, SignedIn, SignInRequest } from './sessions.model';
import { SESSIONS_STREAM, type SessionsEnded } from './sessions.stream';
import { hashToken, TokensReader, TokensWriter, type TokenRow } from './tokens.repository';

const ACCESS_PREFIX = 'trl_';
const REFRESH_PREFIX = 'trr_';

/** Issues and ends access tokens. Every sign-in of whatever kind comes through {@link issue}. */
export class Tokens implements DeviceDependant {
  private readonly listeners: ((userId: string) => void)[] = [];

  constructor(
    private readonly storage: Storage,
    private readonly accounts: Accounts,
    private readonly devices: Devices,
    private readonly config: SessionsConfig,
    private readonly now: Clock,
    onError: (error: unknown) => void,
  ) {
    storage.subscribe(SESSIONS_STREAM, ({ key }) => this.tell(key));
    storage.subscribe(ACCOUNTS_STREAM, ({ key, payload }) => {
      if ((payload as AccountChange).locked) void this.interrupt(key).catch(onError);
    });
  }

  /** Calls `listener` with the user id when tokens end: here before the author goes on, elsewhere with the news. For caches. */
  onEnd(listener: (userId: string) => void): void {
    this.listeners.push(listener);
  }

  /** Checks what the client chose for its device. @throws InvalidParamError */
  assertValid({ deviceId, displayName }: Pick<SignInRequest, 'deviceId' | 'displayName'>): void {
    if (deviceId !== undefined) this.devices.assertValidId(deviceId);
    if (displayName !== undefined) this.devices.assertValidDisplayName(displayName, 'initial_device_display_name');
  }

  /**
   * Signs an account in within the caller's transaction: its device is made, or loses its old tokens when it is there.
   * The one place that looks at the account's state before giving out a token.
   * @throws UserDeactivatedError, UserLockedError, InvalidParamError
   */
  async issue(tx: Tx, request: SignInRequest): Promise<SignedIn> {
    this.assertValid(request);
    await this.assertMaySignIn(tx, request.userId);
    const deviceId = request.deviceId ?? this.devices.generateId();
    const isNew = await this.devices.ensure(tx, request.userId, deviceId, request.displayName ?? null);
    if (!isNew) await this.endDevices(tx, request.userId, [deviceId]);
    const pair = await this.insertPair(tx, request.userId, deviceId, request.refreshable === true, true);
    return { userId: request.userId, deviceId, ...pair };
  }

  /**
   * Trades a refresh token for a new pair. The old pair stays good until the new one is used, so that an answer that got
   * lost does not sign the client out. Spec: "Refreshing access tokens".
   * @throws UnknownTokenError (with `soft_logout` when it was good once), UserLockedError
   */
  async refresh(refreshToken: string): Promise<RefreshedTokens> {
    const hash = hashToken(refreshToken);
    return this.storage.write(async (tx) => {
      const row = await new TokensReader(tx).byRefreshHash(hash);
      if (row === undefined) throw new UnknownTokenError('Unknown refresh token');
      if (row.refresh_expires_ts !== null && row.refresh_expires_ts <= this.now()) {
        throw new UnknownTokenError('This refresh token has expired', { soft_logout: true });
      }
      await this.assertMaySignIn(tx, row.user_id);
      await this.confirmWithin(tx, row);
      const pair = await this.insertPair(tx, row.user_id, row.device_id, true, false);
      return { accessToken: pair.accessToken, refreshToken: pair.refreshToken!, expiresInMs: pair.expiresInMs! };
    });
  }

  /** The first use of a refreshed pair ends the pair before it. */
  async confirm(row: TokenRow): Promise<void> {
    await this.storage.write((tx) => this.confirmWithin(tx, row));
  }

  /** Ends all tokens of the devices, within the transaction that removes them. */
  devicesRemoved(tx: Tx, userId: string, deviceIds: readonly string[]): Promise<void> {
    return this.endDevices(tx, userId, deviceIds);
  }

  private async assertMaySignIn(tx: Tx, userId: string): Promise<void> {
    const account = await this.accounts.getWithin(tx, userId);
    if (account === undefined) throw new NotFoundError('No such user');
    if (account.deactivatedTs !== null) throw new UserDeactivatedError();
    if (account.locked) throw new UserLockedError();
  }

  private async confirmWithin(tx: Tx, row: TokenRow): Promise<void> {
    const tokens = new TokensWriter(tx);
    const ids = await tokens.idsOfDevices(row.user_id, [row.device_id]);
    if (!ids.includes(row.token_id)) throw new UnknownTokenError('This token was replaced');
    await this.supersede(
      tx,
      row.user_id,
      ids.filter((id) => id !== row.token_id),
    );
    if (row.confirmed === 0) await tokens.confirm(row.token_id);
  }

  private async endDevices(tx: Tx, userId: string, deviceIds: readonly string[]): Promise<void> {
    await this.end(tx, userId, await new TokensReader(tx).idsOfDevices(userId, deviceIds));
  }

  private async end(tx: Tx, userId: string, tokenIds: readonly number[]): Promise<void> {
    await this.remove(tx, userId, tokenIds, { tokenIds });
  }

  /** Ends tokens whose session goes on with others: its open requests may finish. */
  private async supersede(tx: Tx, userId: string, tokenIds: readonly number[]): Promise<void> {
    await this.remove(tx, userId, tokenIds, { tokenIds: [] });
  }

  private async remove(tx: Tx, userId: string, tokenIds: readonly number[], payload: SessionsEnded): Promise<void> {
    if (tokenIds.length === 0) return;
    await new TokensWriter(tx).remove(tokenIds);
    tx.publish({ stream: SESSIONS_STREAM, key: userId, position: tx.position(), payload });
    tx.afterCommit(() => this.tell(userId));
  }

  /** Closes what a locked account has open. */
  private async interrupt(userId: string): Promise<void> {
    const payload: SessionsEnded = { tokenIds: await new TokensReader(this.storage).idsOfUser(userId), locked: true };
    this.storage.announce({ stream: SESSIONS_STREAM, key: userId, payload });
  }

  private tell(userId: string): void {
    for (const listener of this.listeners) listener(userId);
  }

  private async insertPair(tx: Tx, userId: string, deviceId: string, refreshable: boolean, confirmed: boolean) {
    const now = this.now();
    const { refreshableTokenLifetimeMs: expiresInMs, refreshTokenLifetimeMs } = this.config;
    const accessToken = ACCESS_PREFIX + randomSecret();
    const refreshToken = refreshable ? REFRESH_PREFIX + randomSecret() : null;
    await new TokensWriter(tx).insert({
      accessToken,
      refreshToken,
      userId,
      deviceId,
      expiresTs: refreshable ? now + expiresInMs : null,
      refreshExpiresTs: refreshable && refreshTokenLifetimeMs !== null ? now + refreshTokenLifetimeMs : null,
      confirmed,
      createdTs: now,
    });
    return refreshToken === null ? { accessToken } : { accessToken, refreshToken, expiresInMs };
  }
}
