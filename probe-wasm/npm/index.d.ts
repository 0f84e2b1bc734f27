/** What an application declares about itself. Durations are in milliseconds. */
export interface SightlineOptions {
  /** Key of the application at the collector; public and write-only. */
  app: string;
  /** Origin of the collector, such as `https://rum.example.org`. */
  collector: string;
  /** A second origin of the same collector, taken while the first fails. It must share the first one's store,
   *  which recognises what arrives twice. */
  fallbackCollector?: string;
  /** `required`: nothing is noted, stored or sent before `start()`. Default: the probe starts at once. */
  consent?: 'required';
  /** `none`: nothing is kept in the browser, so there are no sessions, no link to the view before, and nothing
   *  outlives a page that goes while the collector is away. Default: the tab's and the origin's storage. */
  storage?: 'none';
  /** Release of this build. */
  release?: string;
  /** Pod or deployment that serves the document, where `Server-Timing: deployment;desc=…` does not say it. */
  deployment?: string;
  /** Backend origin written into this build. */
  backendOrigin?: string;
  /** Origins that calls are expected to go to; a call elsewhere is flagged. Default: all are expected. */
  expectedBackendOrigins?: string[];
  /** Asks an origin that gave a call no answer once more, without CORS, to tell a host out of reach from an
   *  answer the page may not see. At most five origins a view, each once a minute. Default: false. */
  checkUnreachable?: boolean;
  /** Selector of the element the application mounts into. Default: `body`. */
  mount?: string;
  /** For each route template (`/films/:id`), the selector whose presence means that the page is ready.
   *  Default: ready when the mount element has children. */
  ready?: Record<string, string>;
  /** Rules for calls whose answer must be looked at. */
  requests?: RequestRule[];
  /** Journeys to be counted. */
  journeys?: JourneyRule[];
  /** Where core.js and core.wasm are; with the plug-in: beside the bundle. The collector is the fallback. */
  core?: string;
}

/** A method and a path template: `POST /chat`, `GET /films/:id`; a leading `*` stands for any prefix: `POST *` followed by `/chat`. */
export type CallPattern = string;

export interface RequestRule {
  /** Which calls. */
  match: CallPattern;
  /** The answer must be JSON: HTML is reported as `wrong_content`. */
  json?: boolean;
  /** The one field of the body that is read, up to 256 KiB of body. */
  field?: string;
  /** Values of the field that mean success; any other is reported as `app_error`. */
  good?: string[];
  /** Pending longer than this is reported as `hung`. Default: 30000. */
  limitMs?: number;
}

export interface JourneyRule {
  /** Its name, such as `chat`. */
  name: string;
  /** What starts an attempt. */
  start: JourneyStart[];
  /** What ends it well: the call ended well and, if given, a new match of the selector was painted. */
  end: { request: CallPattern; painted?: string };
  /** Calls whose failure fails the attempt as well. */
  needs?: CallPattern[];
  /** Not ended by then: `hung`. Default: 30000. */
  limitMs?: number;
  /** A document load that ends blank, broken or incomplete is a failed attempt. */
  failedPage?: boolean;
}

export type JourneyStart =
  /** A click on a match of the selector, or inside one. */
  | { click: string }
  /** The first such call of a document in which no attempt was made; the attempt began with the document. */
  | { load: CallPattern }
  /** Each such call. */
  | { request: CallPattern };

/** Where the probe waits for consent (`consent: 'required'`): the user has agreed, measuring begins.
 *  Elsewhere, with options: starts the probe from a module, where the Vite plug-in cannot be used.
 *  Resolves when the hook is installed. */
export function start(options?: SightlineOptions): Promise<void>;

/** Ends measuring for the rest of this document: takes every hook back, forgets what was stored, sends nothing
 *  more. Without the package: `globalThis.__sightline.stop()`. */
export function stop(): void;

/** The text of the inline script for other build tools: put it first in `<head>`. `early` is the text of `early.js`.
 *  Throws an `Error` that lists every problem of the options. */
export function inlineScript(options: SightlineOptions, early: string): string;
