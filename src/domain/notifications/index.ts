/**
 * Notifications: how much of each room a user has not read. Owns the table `notification_checkpoints`. Spec:
 * client-server, "Receiving notifications", "Marking notifications as read".
 */
export { Notifications } from './notifications.service';
export type { RoomCounts, UnreadCount } from './notifications.model';
