import { serverNameOf } from '#kernel/ids';

type Values = Readonly<Record<string, unknown>>;
type Target = (path: Values, query: Values) => unknown;

/** Where a room is cannot be told from the request. */
const SOMEWHERE = Symbol('somewhere');

const OF_USER: Target = ({ userId }) => serverNameOf(String(userId));
const ON_LIST: Target = (_path, { server }) => server;

/** Operations by which a caller whom no server vouches for can have this one ask another of the caller's choice, and which. */
const TARGETS: Readonly<Record<string, Target>> = {
  'client-server/getUserProfile': OF_USER,
  'client-server/getProfileField': OF_USER,
  'client-server/getRoomIdByAlias': ({ roomAlias }) => serverNameOf(String(roomAlias)),
  'client-server/getPublicRooms': ON_LIST,
  'client-server/queryPublicRooms': ON_LIST,
  'client-server/joinRoom': () => SOMEWHERE,
  'client-server/joinRoomById': () => SOMEWHERE,
  'client-server/knockRoom': () => SOMEWHERE,
  'client-server/inviteUser': () => SOMEWHERE,
  'server-server/onBindThirdPartyIdentifier': () => SOMEWHERE,
};

/** Whether an operation may have another server asked that its caller has chosen. SECURITY: row 46. */
export function asksElsewhere(operation: string, serverName: string, path: Values, query: Values): boolean {
  const target = TARGETS[operation]?.(path, query);
  return target !== undefined && target !== serverName;
}
