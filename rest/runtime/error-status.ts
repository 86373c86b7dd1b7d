/** Statuses that are not 400, by errcode. */
const STATUSES: Readonly<Record<string, number>> = {
  M_BAD_STATUS: 502,
  M_CANNOT_LEAVE_SERVER_NOTICE_ROOM: 403,
  M_CANNOT_OVERWRITE_MEDIA: 409,
  M_CAPTCHA_INVALID: 401,
  M_CAPTCHA_NEEDED: 401,
  M_CONNECTION_FAILED: 502,
  M_CONNECTION_TIMEOUT: 504,
  M_FORBIDDEN: 403,
  M_GUEST_ACCESS_FORBIDDEN: 403,
  M_INVITE_BLOCKED: 403,
  M_LIMIT_EXCEEDED: 429,
  M_MISSING_TOKEN: 401,
  M_NOT_FOUND: 404,
  M_NOT_YET_UPLOADED: 504,
  M_NO_VALID_SESSION: 404,
  M_RESOURCE_LIMIT_EXCEEDED: 403,
  M_TERMS_NOT_SIGNED: 403,
  M_THREEPID_AUTH_FAILED: 403,
  M_THREEPID_DENIED: 403,
  M_TOO_LARGE: 413,
  M_UNAUTHORIZED: 401,
  M_UNKNOWN_TOKEN: 401,
  M_UNRECOGNIZED: 404,
  M_USER_DEACTIVATED: 403,
  M_USER_LIMIT_EXCEEDED: 403,
  M_USER_LOCKED: 401,
  M_USER_SUSPENDED: 403,
  M_WRONG_ROOM_KEYS_VERSION: 403,
};

/** Operations whose action, once reached, answers an errcode with a status of its own. */
const OVERRIDES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // The type is managed by the server and takes no writes; a body that is no object was refused with 400 before.
  'client-server/setAccountData': { M_BAD_JSON: 405 },
  'client-server/setAccountDataPerRoom': { M_BAD_JSON: 405 },
  // The only thing unknown about a well-formed request is why somebody else has the alias.
  'client-server/setRoomAlias': { M_UNKNOWN: 409 },
  // An identity server's "medium unknown" is about the body, not about the path.
  'identity/emailRequestToken': { M_UNRECOGNIZED: 400 },
  'identity/msisdnRequestToken': { M_UNRECOGNIZED: 400 },
};

/**
 * The HTTP status of an errcode; 400 for all codes that name no other.
 * @param reached the operation (`api/operationId`) whose delegate threw, undefined when the door itself refused
 */
export function statusOf(errcode: string, reached?: string): number {
  const own = reached === undefined ? undefined : OVERRIDES[reached]?.[errcode];
  return own ?? STATUSES[errcode] ?? 400;
}
