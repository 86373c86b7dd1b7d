/**
 * Sessions: access and refresh tokens, login, and user-interactive authentication. Owns the tables `access_tokens` and
 * `uia_sessions` and the stream `sessions`. Tokens exist in the database as hashes only.
 * Spec: client-server API, "Client Authentication".
 */
export { Sessions } from './sessions.service';
export type { AuthenticateOptions } from './authentication.service';
export type { Uia, UiaProof, UiaRequest } from './uia.service';
export { DUMMY_STAGE, PASSWORD_STAGE, REGISTRATION_TOKEN_STAGE, TERMS_STAGE } from './uia-stages.service';
export {
  AppserviceLoginUnsupportedError,
  AuthenticationRequiredError,
  SignInRequiredError,
  UnknownLoginTypeError,
} from './sessions.errors';
export { DEFAULT_SESSIONS, type FailedPasswordsConfig, type SessionsConfig } from './sessions.config';
export { SESSIONS_STREAM, type SessionsEnded } from './sessions.stream';
export type { LoginIdentifier, LoginRequest, RefreshedTokens, SignedIn, SignInRequest } from './sessions.model';
