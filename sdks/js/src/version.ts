/** The version of this package. The file sdks/VERSION decides it, and a test compares the two. */
export const VERSION = "0.1.0";
