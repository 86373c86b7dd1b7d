/** Account data was written; key: user id, payload: `AccountDataChange`. */
export const ACCOUNT_DATA_STREAM = 'account-data';
