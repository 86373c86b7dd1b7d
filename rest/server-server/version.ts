import type { Version } from '#rest/generated/server-server/version.routes';

/** @param version of this program */
export const version = (version: string): Version => ({
  async getVersion() {
    return { server: { name: 'Trellis', version } };
  },
});
