/**
 * The life of an account: registration (with user-interactive authentication, as a guest, by shared secret), change of
 * password, deactivation. Owns the tables `registration_nonces` and `pending_partings`. Each action is one transaction.
 * Spec: client-server API, "Account registration", "Account management".
 */
export { AccountLifecycle } from './account-lifecycle.service';
export type { RegistrationConfig, TermsDocument } from './account-lifecycle.config';
export type { RoomParter } from './account-lifecycle.ports';
export type { Registered, RegistrationRequest, SharedSecretRequest } from './account-lifecycle.model';
