import type { Wellknown } from '#rest/generated/client-server/wellknown.routes';

/** @param publicBaseUrl where clients reach this server from outside */
export const wellknown = (publicBaseUrl: string): Wellknown => ({
  async getWellknown() {
    return { 'm.homeserver': { base_url: publicBaseUrl } };
  },
});
