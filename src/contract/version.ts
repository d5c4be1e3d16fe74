/** The version of this package; a test holds it to package.json, so that nothing has to be read from disk for it. */
export const VERSION = '0.1.0';
