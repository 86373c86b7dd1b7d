'use strict';
const features = require('./src/domain/features.json');

/** One rule a feature: it sees itself and what its line in features.json names, through their indexes. */
const featureRules = features.map(({ name, uses }) => ({
  name: `feature-${name}`,
  comment: `${name} may use: ${uses.join(', ') || 'no other feature'} (src/domain/features.json)`,
  severity: 'error',
  from: { path: `^src/domain/${name}/` },
  to: {
    path: '^src/domain/',
    pathNot: [`^src/domain/${name}/`, ...uses.map((use) => `^src/domain/${use}/index\\.ts$`)],
  },
}));

/** A feature that is divided into folders: each sees those before it, and what the feature has for all of them. */
const folderRules = features.flatMap(({ name, folders = [] }) =>
  folders.map((folder, index) => ({
    name: `folder-${name}-${folder}`,
    comment: `${name}/${folder} may use: ${folders.slice(0, index).join(', ') || 'no other folder'} (src/domain/features.json)`,
    severity: 'error',
    from: { path: `^src/domain/${name}/${folder}/` },
    to: {
      path: `^src/domain/${name}/`,
      pathNot: [
        `^src/domain/${name}/(${folders.slice(0, index + 1).join('|')})/`,
        `^src/domain/${name}/[^/]+\\.(model|ports|errors|config|stream)\\.ts$`,
      ],
    },
  })),
);

const layer = (name, from, allowed) => ({
  name,
  comment: `${name}: arrows point down (DESIGN, "Layout")`,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|rest|graphql|codegen|test|bench)/', pathNot: allowed },
});

const DOMAIN_FACE = ['^src/domain/[^/]+/index\\.ts$', '^src/domain/domain\\.ts$'];
const LOW = ['^src/kernel/', '^src/protocol/'];

/** The layer rule on the whole graph, imports of types included. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^(src|rest|graphql)/', pathNot: '^graphql/dashboard/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    layer('kernel', '^src/kernel/', ['^src/kernel/']),
    layer('protocol', '^src/protocol/', LOW),
    layer('platform', '^src/platform/', ['^src/kernel/', '^src/platform/']),
    layer('domain', '^src/domain/', [...LOW, '^src/platform/', '^src/domain/']),
    layer('rest', '^rest/', [...LOW, '^src/platform/(?!storage/)', ...DOMAIN_FACE, '^rest/']),
    layer('graphql', '^graphql/', [...LOW, '^src/platform/(?!storage/)', ...DOMAIN_FACE, '^graphql/']),
    layer('main', '^src/main/', ['^src/', '^rest/', '^graphql/']),
    layer('codegen', '^codegen/', ['^codegen/', '^rest/runtime/contract\\.ts$']),
    {
      name: 'main-is-the-top',
      severity: 'error',
      from: { path: '^(src|rest|graphql)/', pathNot: '^src/main/' },
      to: { path: '^src/main/' },
    },
    {
      name: 'features-by-their-index',
      severity: 'error',
      from: { path: '^src/main/', pathNot: '^src/main/storage/entities\\.ts$' },
      to: { path: '^src/domain/[^/]+/', pathNot: DOMAIN_FACE },
    },
    {
      name: 'protocol-is-pure',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|util)$' },
    },
    ...featureRules,
    ...folderRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|graphql/dashboard|graphql/graphiql|rest/generated/.*\\.json)' },
    tsPreCompilationDeps: true,
    // The `imports` map of package.json points into dist/; here its names lead to the sources.
    webpackConfig: { fileName: './.dependency-cruiser.resolve.js' },
  },
};
