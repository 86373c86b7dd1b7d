'use strict';
/** `npm start`: builds what is missing or older than its source, then runs `trellis start` with the given arguments. */
const { buildIfStale, entry } = require('./build');

const status = buildIfStale();
if (status !== 0) process.exit(status);
process.argv.splice(1, 1, entry, 'start');
require(entry);
