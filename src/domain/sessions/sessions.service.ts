import type { Accounts } from '#domain/accounts';
import type { Devices } from '#domain/devices';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import type { Storage, Tx } from '#platform/storage/storage';
import { Authentication, type AuthenticateOptions } from './authentication.service';
import { FailedPasswords } from './failed-passwords.service';
import { Login } from './login.service';
import type { SessionsConfig } from './sessions.config';
import { SESSIONS_STREAM, type SessionsEnded } from './sessions.stream';
import type { LoginRequest, RefreshedTokens, SignedIn, SignInRequest } from './sessions.model';
import { Tokens } from './tokens.service';
import { Uia } from './uia.service';
import { UiaStages } from './uia-stages.service';

/** Signing in and out, and who is asking: the face of this feature. */
export class Sessions {
  readonly uia: Uia;
  readonly logins: Login;
  private readonly tokens: Tokens;
  private readonly authentication: Authentication;

  constructor(
    private readonly storage: Storage,
    accounts: Accounts,
    private readonly devices: Devices,
    config: SessionsConfig,
    now: Clock,
    onError: (error: unknown) => void,
  ) {
    this.tokens = new Tokens(storage, accounts, devices, config, now, onError);
    this.authentication = new Authentication(storage, accounts, this.tokens, now);
    const failedPasswords = new FailedPasswords(config.failedPasswords, now);
    this.logins = new Login(storage, accounts, this.tokens, failedPasswords);
    this.uia = new Uia(storage, new UiaStages(accounts, this.logins), config.uiaLifetimeMs, now);
    devices.attach(this.tokens);
  }

  /** See {@link Authentication.authenticate}. */
  authenticate(token: string, options?: AuthenticateOptions): Promise<Requester> {
    return this.authentication.authenticate(token, options);
  }

  /** See {@link Login.login}. */
  login(request: LoginRequest): Promise<SignedIn> {
    return this.logins.login(request);
  }

  /** See {@link Tokens.refresh}. */
  refresh(refreshToken: string): Promise<RefreshedTokens> {
    return this.tokens.refresh(refreshToken);
  }

  /** Signs an account in on somebody's authority (registration, administrators). See {@link Tokens.issue}. */
  issue(tx: Tx, request: SignInRequest): Promise<SignedIn> {
    return this.tokens.issue(tx, request);
  }

  /** Checks device id and name of a sign-in before anything is done. @throws InvalidParamError */
  assertValid(request: Pick<SignInRequest, 'deviceId' | 'displayName'>): void {
    this.tokens.assertValid(request);
  }

  /** Calls `listener` once when the token with this id has ended or its account was locked; returns the unsubscribe function. */
  onEnded(tokenId: number, listener: () => void): () => void {
    const unsubscribe = this.storage.subscribe(SESSIONS_STREAM, ({ payload }) => {
      if (!(payload as SessionsEnded).tokenIds.includes(tokenId)) return;
      unsubscribe();
      listener();
    });
    return unsubscribe;
  }

  /** Ends the requester's own session: the token, its device and all that belongs to it. */
  async logout({ userId, deviceId }: Requester): Promise<void> {
    if (deviceId !== null) await this.devices.remove(userId, [deviceId]);
  }

  /** Ends all sessions of a user, or all but one device's. */
  async logoutAll(userId: string, except: string | null = null): Promise<void> {
    await this.storage.write((tx) => this.devices.removeAllWithin(tx, userId, except));
  }
}
