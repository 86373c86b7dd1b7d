export { authTypesFor, type AuthSubject, type StateKey } from './select';
export { checkAuth, redactionTakesEffect } from './check-auth';
export { checkAuthEvents, type AuthEvent } from './check-auth-events';
export { creatorsOf, powerLevels, readLevel, type PowerLevels } from './power-levels';
export { assertIntegerPowerLevels } from './power-levels-change';
export { thirdPartyInviteSigners, type ThirdPartyInviteKey } from './third-party-invite';
export type { StateLookup } from './context';
