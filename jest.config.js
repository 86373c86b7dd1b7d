/** One configuration for every kind of test; each file boots only what it needs. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.(ts|js|mjs)$': ['@swc/jest', {
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    }],
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
