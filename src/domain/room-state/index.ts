/**
 * Room state: which rooms there are, and which event holds each key of their state, now and at every earlier point. Owns
 * the tables `rooms`, `room_current_state`, `state_snapshots` and `state_deltas`; written only by the timeline's
 * transactions. Spec: client-server API, "Events in rooms"; server-server API, "Room state resolution".
 */
export { RoomState } from './room-state.service';
export { Snapshots } from './snapshots.service';
export { RoomStateWriter, type CurrentStateEntry } from './room-state.repository';
export { SnapshotWriter } from './snapshot.repository';
export { stateMapKey, type SnapshotNode, type StateKeyPair } from './snapshot.model';
export type { RoomInfo, SnapshotId, StateEntry } from './room-state.model';
