/**
 * One configuration for every kind of test; each file boots only what it needs. `npx jest <path>` tests on SQLite, with
 * TRELLIS_TEST_DATABASE=mysql on MariaDB; `npm test` (jest.all.config.js) does both.
 */
const onMariadb = process.env.TRELLIS_TEST_DATABASE === 'mysql';

module.exports = {
  testEnvironment: 'node',
  // Against waiting for ever; no test judges speed.
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(onMariadb ? [] : ['\\.mariadb\\.test\\.ts$'])],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(@noble|lru-cache)/)'],
  moduleNameMapper: {
    '^#kernel/(.*)$': '<rootDir>/src/kernel/$1',
    '^#protocol/(.*)$': '<rootDir>/src/protocol/$1',
    '^#platform/(.*)$': '<rootDir>/src/platform/$1',
    '^#domain/(.*)$': '<rootDir>/src/domain/$1',
    '^#main/(.*)$': '<rootDir>/src/main/$1',
    '^#rest/(.*)$': '<rootDir>/rest/$1',
    '^#graphql/(.*)$': '<rootDir>/graphql/$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};
