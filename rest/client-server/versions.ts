import type { Versions } from '#rest/generated/client-server/versions.routes';

const OLD = ['r0.0.1', 'r0.1.0', 'r0.2.0', 'r0.3.0', 'r0.4.0', 'r0.5.0', 'r0.6.0', 'r0.6.1'];
const NEWEST_MINOR = 19;
const VERSIONS = [...OLD, ...Array.from({ length: NEWEST_MINOR }, (_, index) => `v1.${index + 1}`)];

export const versions = (): Versions => ({
  async getVersions() {
    return { versions: [...VERSIONS], unstable_features: {} };
  },
});
