/**
 * A user's devices or their keys changed; key: user id. The table `device_list_changes` holds each user's newest position,
 * and `/sync` reads `device_lists.changed` from it.
 */
export const DEVICE_LISTS_STREAM = 'device-lists';
