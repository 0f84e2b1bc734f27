import type { Metric, SightlineEvent } from './event-types.js';

export * from './event-types.js';

/** What an application declares about itself. Durations are in milliseconds; a name is 1 to 128 bytes of UTF-8.
 *  The plug-in and `inlineScript()` refuse what cannot work, with every problem at once. In a running page a bad rule
 *  costs itself only, and is told once on the console with `debug`. */
export interface SightlineOptions {
  /** Key of the application at the collector; public and write-only. */
  app: string;
  /** Origin of the collector, such as `https://rum.example.org`, or a path of the page's own origin that leads to it. */
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
  /** For each route template (`/films/:id`), the selector whose presence means that the page is ready; the first
   *  template that fits counts. Default: ready when the mount element has children. */
  ready?: Record<RouteTemplate, string>;
  /** Templates that paths are told by, of pages and of calls alike; the first that fits counts. A path that fits none is
   *  told with its ids replaced by `:id`: segments of digits only, and segments of nine characters or more that hold a
   *  digit or an `@`. */
  routes?: RouteTemplate[];
  /** Rules for calls whose answer must be looked at; the first whose `match` fits counts. */
  requests?: RequestRule[];
  /** Journeys to be counted: at most 32, with at most 64 steps and 32 different conditions in all. */
  journeys?: JourneyRule[];
  /** Share of the sessions whose details leave, from 0 to 1: single calls, errors, vitals, measurements. How pages and
   *  journeys ended and how many calls were made always leaves, so that no count is ever an estimate. Default: 1. */
  sampleDetail?: number;
  /** Tells what is written with `console.error` as an error, from the moment its module is there, which the core fetches
   *  first of all; what was written before is not seen. Default: false. */
  consoleErrors?: boolean;
  /** Origins whose calls by XMLHttpRequest and fetch get a W3C `traceparent` (sampled); its trace id travels with the
   *  call's event. Such an origin must allow that header in its CORS answers: without it the call fails. A call that has
   *  a `traceparent` keeps it. Default: none. */
  traceOrigins?: string[];
  /** Replacements made in every address and path before it is told, in order, after queries and fragments are gone. */
  scrubUrl?: UrlScrub[];
  /** `false`: the second module (causes of vitals, soft navigations, WebSockets and event sources) is not loaded.
   *  Default: true. */
  more?: boolean;
  /** Default of the option of the same name of `onEvent()`. Default: false. */
  reportAllChanges?: boolean;
  /** `true`: this application calls `beforeSend()`. Nothing is then sent or stored before it has done so; what waits
   *  when the page is left is withheld and counted. The early hook's own beacon names no call then, only the page's
   *  outcome and how many calls it withholds. Default: false; events wait from the call of `beforeSend()` on. */
  beforeSend?: boolean;
  /** Tells on the console, once each, what is wrong with this configuration, with the calls of this API and with its
   *  callbacks. Costs a module; meant for development. Default: false. */
  debug?: boolean;
  /** Folder of core.js and core.wasm, ending with `/`; with the plug-in: beside the bundle. The collector is the fallback. */
  core?: string;
}

/** A path: `/films/:id`. `:name` stands for any one segment, `*` for any characters, slashes among them; every other
 *  character for itself. A slash at the end may be there or not. At most 256 bytes. */
export type RouteTemplate = string;

/** A method and a path template: `POST /chat`, `GET /films/:id`, `POST *` followed by `/chat`. */
export type CallPattern = string;

/** A call ended well when it kept everything that is given here. */
export interface RequestRule {
  /** Which calls. */
  match: CallPattern;
  /** The answer must be JSON: anything else is reported as `wrong_content`. */
  json?: boolean;
  /** The content type that the answer must have, such as `text/event-stream`; else it is reported as `wrong_content`. */
  type?: string;
  /** The statuses that mean success; any other is reported as `http_error`. Default: 200 to 399. */
  status?: number[];
  /** The one field of a JSON body that is read, up to 256 KiB of body. */
  field?: string;
  /** Values of the field that mean success; any other is reported as `app_error`. Required with `field`. */
  good?: string[];
  /** Pending longer than this is reported as `hung`. Default: 30000; at most a day. */
  limitMs?: number;
}

export interface JourneyRule {
  /** Its name, such as `chat`; each only once. */
  name: string;
  /** What starts an attempt: any of these. */
  start: JourneyStart[];
  /** What ends it well: all that is given here, at least one. */
  end: JourneyEnd;
  /** Parts of an attempt with times of their own; at most 16. */
  steps?: StepRule[];
  /** Calls whose failure fails the attempt as well. */
  needs?: CallPattern[];
  /** Not ended by then: `hung`. Default: 30000; at most a day. */
  limitMs?: number;
  /** A document load that ends blank, broken or incomplete is a failed attempt. For one journey at most. */
  failedPage?: boolean;
}

/** Something that happens once: exactly one key. */
export type Moment =
  /** A click on a match of the selector, or inside one. */
  | { click: string }
  /** A call: for a start it is sent, for the end of a step it has ended, however that was. */
  | { request: CallPattern }
  /** The route is shown, by a document or within it. */
  | { navigation: RouteTemplate }
  /** `event(name)` of this API was called. */
  | { event: string }
  /** A match of the selector that was not there before was painted. */
  | { painted: string }
  /** The first piece of such a call's answer came, by an answer that is no failure: the first token of a chat that
   *  streams. Known while a fetch's body is read piece by piece; of one that is read whole, and of an XMLHttpRequest, it
   *  is told when the call has ended. Not for a start. */
  | { firstChunk: CallPattern };

export type JourneyStart =
  | Exclude<Moment, { firstChunk: CallPattern }>
  /** The first such call of a document in which no attempt was made; the attempt began with the document. */
  | { load: CallPattern };

export interface JourneyEnd {
  /** The call ended well. Ending badly, it fails the attempt. */
  request?: CallPattern;
  /** The first piece of the call's answer came. A call that ends badly before fails the attempt. With `request`: the same
   *  call. */
  firstChunk?: CallPattern;
  /** A new match of the selector was painted, after the request's end where one is given. */
  painted?: string;
  click?: string;
  navigation?: RouteTemplate;
  event?: string;
}

export interface StepRule {
  /** Its name; each only once within its journey. */
  name: string;
  /** What starts it, while an attempt is running. */
  start: Moment;
  /** What ends it. Default: the end of the attempt. */
  end?: Moment;
  /** Name of the step that it is a part of, which stands before it in the list. Default: the attempt itself. */
  in?: string;
}

export interface UrlScrub {
  /** Source of a regular expression, such as `/token/[^/]+`; every match is replaced. */
  match: string;
  /** What takes its place, as in `String.prototype.replace`. */
  replace: string;
}

/** Where the probe waits for consent (`consent: 'required'`): the user has agreed, measuring begins.
 *  Elsewhere, with options: starts the probe from a module, where the Vite plug-in cannot be used.
 *  Resolves when the hook is installed, and also when it could not be; never rejects. */
export function start(options?: SightlineOptions): Promise<void>;

/** Ends measuring for the rest of this document: takes every hook back, forgets what was stored, sends nothing
 *  more. Without the package: `globalThis.__sightline.stop()`. */
export function stop(): void;

// All that follows may be called at any time: what comes before the core is up is kept with its time, 100 calls at most
// (what is over that is counted as dropped). Nothing throws. A call that cannot be right is ignored, and told once with
// `debug`. After stop() nothing has an effect. Before consent, and before any hook is installed, only beforeSend, onEvent,
// attribute and setRoute are kept. On a server (no `document`) nothing has an effect.

/** Begins an attempt at a journey. Needs no declaration; the name is that of the journey at the collector. The outcome is
 *  `success` with `end()`, `failed` with `fail()`, `hung` when neither comes within `limitMs` (default 30000, at most a
 *  day), `abandoned` when the page is left before. */
export function journey(name: string, options?: { limitMs?: number }): Journey;

/** A running attempt. What is called after its end has no effect. */
export interface Journey {
  /** Begins a step; at most 16 in an attempt, nested ones counted. */
  step(name: string): JourneyStep;
  /** The attempt succeeded. */
  end(): void;
  /** The attempt failed. The reason becomes the attempt's `result`: 128 bytes of it, from a closed list and never what a
   *  user typed. */
  fail(reason?: string): void;
}

/** A running step. */
export interface JourneyStep {
  /** Begins a step that is a part of this one. */
  step(name: string): JourneyStep;
  /** The step ended. Without it the step is told as not ended, with its time until the attempt ended. */
  end(): void;
}

/** A measurement of the application's own: a number from -1e9 to 1e9, kept to a millionth, in the unit that its name says.
 *  At most 16 attributes of 128 bytes each; more are left out. */
export function measure(name: string, value: number, attributes?: Record<string, string | number | boolean>): void;

/** Says something of the visit, such as a plan or an experiment: it travels with every beacon from now on. At most 16 keys
 *  of 128 bytes, values cut to 128 bytes; `null` takes one back. Never put here what identifies a person. */
export function attribute(key: string, value: string | number | boolean | null): void;

/** Names the current route, where neither `routes` nor `ready` has its template: `/films/:id`. Holds until the next
 *  navigation. */
export function setRoute(template: RouteTemplate): void;

/** Something happened that a declared journey waits for (`{ event: name }`). Counts nothing by itself. */
export function event(name: string): void;

/** Lets each event pass, change or drop before it is queued, and so before it is stored or sent. The callback may change
 *  the event or return another one; `null` or `false` drops it, no answer keeps it. `type`, `n`, `rev` and `at` stay as they
 *  are. Texts are cut and numbers clamped to what the wire allows. A callback that throws, or whose event cannot be
 *  encoded, loses that event. What does not leave is counted as withheld. Several callbacks are asked in the order of
 *  their registration.
 *
 *  From this call on nothing leaves unseen: events wait for the module that asks the callback, and where it cannot load,
 *  or the page goes before, they are withheld. What has left before this call has passed, and so has the early hook's own
 *  beacon, which is sent when the page goes before the core has come and holds the page's outcome and failed or pending
 *  calls by template: the option `beforeSend: true` holds back both. */
export function beforeSend(callback: (event: SightlineEvent) => SightlineEvent | null | false | void): void;

/** Tells events in the page: vitals as soon as they are final, with the fields of the `Metric` of `web-vitals` but `entries`;
 *  a vital of this view that is known when the callback comes is told to it as well; all others when they are queued, as
 *  measured (before `beforeSend`).
 *  An event that is told again under the same `n` with a higher `rev` replaces the one before.
 *  With `reportAllChanges` vitals are told at every change, as `web-vitals` does with the option of that name; what is not
 *  final has no attribution. Who asks for it later than ten seconds after the core has come misses changes by interactions
 *  shorter than 104 ms, which the browser does not keep; the final value is right all the same.
 *  Returns a function that ends the subscription. What the callback throws is caught, and told once with `debug`. With
 *  Global Privacy Control, and in sessions without details, only pages, journeys and counts are told. */
export function onEvent(
  callback: (event: Metric | Exclude<SightlineEvent, { type: 'vital' }>) => void,
  options?: { reportAllChanges?: boolean },
): () => void;

/** The text of the inline script for other build tools: put it first in `<head>`. `early` is the text of `early.js`,
 *  `trace` that of `trace.js`, needed with `traceOrigins`.
 *  Throws an `Error` that lists every problem of the options. */
export function inlineScript(options: SightlineOptions, early: string, trace?: string): string;
