/** Invites and knocks in rooms of other servers, and their ends. Key: user id. Rows: `out_of_band_memberships`. */
export const OUT_OF_BAND_STREAM = 'out-of-band';
