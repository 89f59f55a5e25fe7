/** The database file in a data directory. */
export const DATABASE_FILE = 'ports.db';

/** That of trop. */
export const TROP_DATABASE_FILE = 'trop.db';
