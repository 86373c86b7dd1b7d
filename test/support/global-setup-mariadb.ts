import { startForRun } from './global-setup';

/**
 * The set-up of the MariaDB project. A file of its own: jest runs a set-up that projects share only once, for whichever
 * project its first test happens to belong to.
 */
export default startForRun;
