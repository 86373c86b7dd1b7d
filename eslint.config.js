'use strict';
const { defineConfig } = require('eslint/config');
const tseslint = require('typescript-eslint');

/** Libraries that may be named in some places only (DESIGN, "Guards"); dependency-cruiser has the layers. */
const DOORS = [
  { group: ['express', 'express/*', 'helmet', 'cors'], message: 'HTTP belongs to rest/ and src/main.' },
  {
    group: ['graphql', 'graphql/*', 'type-graphql', '@apollo/*'],
    message: 'GraphQL belongs to graphql/ and src/main.',
  },
];
const ORM = {
  group: ['typeorm', 'typeorm/*'],
  message: 'TypeORM belongs to entities, repositories, platform/storage and src/main.',
};
const noImports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

const CHANCE = { object: 'Math', property: 'random', message: 'Use node:crypto: this one can be guessed.' };
const ENVIRONMENT = { object: 'process', property: 'env', message: 'Only src/main/config reads the environment.' };
const noProperties = (...properties) => ({ 'no-restricted-properties': ['error', ...properties] });

module.exports = defineConfig(
  { ignores: ['dist/', 'node_modules/', '.cache/', 'data/', 'rest/generated/', 'graphql/dashboard/', '**/*.js'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: __dirname } },
    linterOptions: { noInlineConfig: true },
    rules: {
      // GraphQL arguments are null or absent: == null asks for both.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', 400],
      'no-eval': 'error',
      'no-empty': 'error',
      'no-console': 'error',
      ...noProperties(CHANCE, ENVIRONMENT),
      ...noImports(...DOORS, ORM),
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', prefer: 'type-imports' },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // An async function without await is how a synchronous driver keeps an asynchronous contract.
      '@typescript-eslint/require-await': 'off',
      // A mapped delegate or a bound listener loses no `this`: plain objects of arrow functions.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  { files: ['rest/**/*.ts'], rules: noImports(DOORS[1], ORM) },
  { files: ['graphql/**/*.ts'], rules: noImports(ORM) },
  {
    files: ['src/**/*.entity.ts', 'src/**/*.repository.ts', 'src/platform/storage/**/*.ts'],
    rules: noImports(...DOORS),
  },
  {
    files: ['src/main/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'ormconfig.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  { files: ['src/main/config/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'], rules: noProperties(CHANCE) },
  { files: ['codegen/**/*.ts', 'bench/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
