'use strict';
const { join } = require('node:path');

const strata = {
  kernel: 'src/kernel',
  protocol: 'src/protocol',
  platform: 'src/platform',
  domain: 'src/domain',
  main: 'src/main',
  rest: 'rest',
  graphql: 'graphql',
};

/** How dependency-cruiser finds what `#kernel/x` and its like name. */
module.exports = {
  resolve: {
    alias: Object.fromEntries(Object.entries(strata).map(([name, folder]) => [`#${name}`, join(__dirname, folder)])),
    extensions: ['.ts', '.js', '.mjs', '.json'],
    conditionNames: ['require', 'node', 'default'],
    exportsFields: ['exports'],
  },
};
