/** Typing: who types in which room, in memory. Owns the stream `typing`. Spec: client-server, "Typing Notifications". */
export { Typing, type TypingNotice } from './typing.service';
export { TYPING_STREAM } from './typing.stream';
