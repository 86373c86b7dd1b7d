const common = require('./jest.config');

/** Tests that touch a database or a running server. The others are pure and run once. */
const STORED = ['unit/platform', 'unit/domain', 'unit/main', 'rest', 'graphql', 'clients', 'security', 'federation'];

/** The whole suite on SQLite, and all of it that stores anything on MariaDB too. */
module.exports = {
  maxWorkers: 2,
  testTimeout: common.testTimeout,
  projects: [
    { ...common, displayName: 'sqlite' },
    {
      ...common,
      displayName: 'mariadb',
      globalSetup: '<rootDir>/test/support/global-setup-mariadb.ts',
      testPathIgnorePatterns: ['/node_modules/', '/unit/main/commands/', '/unit/main/config/'],
      testMatch: STORED.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
      setupFiles: ['<rootDir>/test/support/use-mysql.ts'],
    },
  ],
};
