// A plugin has a console and nothing else of a browser or of Node. Declared here so that a plugin needs no types but these,
// and in a way that agrees with those of the DOM and of Node where a project has them.

declare global {
  /** Writes to the turn's log, of which 16 KiB are kept. */
  interface Console {
    /** For the plugin's author. */
    debug(...values: unknown[]): void;
    /** The same as `info`. */
    log(...values: unknown[]): void;
    /** Worth reading. */
    info(...values: unknown[]): void;
    /** Worth a look. */
    warn(...values: unknown[]): void;
    /** Something is wrong. */
    error(...values: unknown[]): void;
  }

  var console: Console;
}

export {};
