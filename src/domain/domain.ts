import type { Accounts } from '#domain/accounts';
import type { Devices } from '#domain/devices';
import type { Sessions } from '#domain/sessions';

/**
 * All services of the domain as the doors see them, one member per feature, in the order of `features.json`. Composed in
 * `main/compose.ts`.
 */
export interface Domain {
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly sessions: Sessions;
}
