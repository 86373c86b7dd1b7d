/** matrix-js-sdk with its diary silenced: standard output belongs to the steps. */
import * as sdk from 'matrix-js-sdk';
import { logger } from 'matrix-js-sdk/lib/logger.js';

logger.setLevel('silent', false);
for (const method of ['log', 'info', 'debug', 'trace']) console[method] = () => undefined;

export default sdk;
