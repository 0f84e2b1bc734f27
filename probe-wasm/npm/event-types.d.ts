// The events that callbacks see: the wire's own (beacon/src/v1), with its names. Times in `_ms` are whole milliseconds,
// `_micros` are microseconds of a time or millionths of a score or a measurement. A text that is not known is empty.

interface Told {
  /** Number within the view; with a higher `rev` the event replaces the one told under this number before. */
  readonly n: number;
  /** Revision, from 0. */
  readonly rev: number;
  /** Client clock, Unix milliseconds; of an attempt, a call or a connection: its start. */
  readonly at: number;
}

export type Finality = 'provisional' | 'final';
export type VitalName = 'ttfb' | 'fcp' | 'lcp' | 'cls' | 'inp';
export type RequestOutcome =
  | 'ok'
  | 'http_error'
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'wrong_content'
  | 'app_error'
  | 'hung'
  | 'blocked';

/** A web vital as `web-vitals` tells it: milliseconds, for CLS its score. */
export interface Metric {
  readonly type: 'vital';
  name: 'TTFB' | 'FCP' | 'LCP' | 'CLS' | 'INP';
  value: number;
  /** What this adds to the value told to this subscriber before. */
  delta: number;
  /** The same for all values of one metric in one view. */
  id: string;
  rating: 'good' | 'needs-improvement' | 'poor';
  navigationType: 'navigate' | 'reload' | 'back-forward' | 'back-forward-cache' | 'prerender' | 'restore';
  /** What made it so, as far as it is known when the value is told; else an event `vital_cause` follows. Times in
   *  milliseconds. */
  attribution: Attribution;
}

export interface Attribution {
  /** LCP: selector of the element; `interactionTarget` of INP, `largestShiftTarget` of CLS. */
  target?: string;
  /** LCP: address of its resource without query. */
  url?: string;
  timeToFirstByte?: number;
  resourceLoadDelay?: number;
  resourceLoadDuration?: number;
  elementRenderDelay?: number;
  interactionTarget?: string;
  interactionType?: 'pointer' | 'keyboard';
  inputDelay?: number;
  processingDuration?: number;
  presentationDelay?: number;
  largestShiftTarget?: string;
  largestShiftValue?: number;
  largestShiftTime?: number;
}

/** How the document load ended. */
export interface PageEvent extends Told {
  readonly type: 'page';
  outcome: 'ready' | 'blank' | 'broken' | 'incomplete' | 'abandoned';
  finality: Finality;
  decided_after_ms: number;
  /** Releases and pods that served the document and its scripts. */
  touched: { release: string; deployment: string }[];
  failed_scripts: number;
}

/** Phases of the document load. */
export interface NavigationEvent extends Told {
  readonly type: 'navigation';
  redirect_ms: number;
  dns_ms: number;
  connect_ms: number;
  tls_ms: number;
  request_ms: number;
  response_ms: number;
  dom_interactive_ms: number;
  dom_content_loaded_ms: number;
  load_ms: number;
  dom_complete_ms: number;
  transfer_bytes: number;
  encoded_bytes: number;
  decoded_bytes: number;
  protocol: string;
  server_timing: { name: string; duration_ms: number }[];
}

/** A web vital on its way to the collector; subscribers get a `Metric` instead. */
export interface VitalEvent extends Told {
  readonly type: 'vital';
  name: VitalName;
  value_micros: number;
  delta_micros: number;
}

/** A call told singly: a failed one, or one that was pending. */
export interface RequestEvent extends Told {
  readonly type: 'request';
  method: string;
  backend_origin: string;
  route: string;
  expected_origin: boolean;
  outcome: RequestOutcome;
  finality: Finality;
  /** 0 where the browser tells none. */
  status: number;
  duration_ms: number;
  /** The value of the configured body field. */
  result: string | null;
  diagnosis: {
    cause: 'offline' | 'blocked_by_cors' | 'unreachable_host' | 'unexpected_origin';
    confidence_percent: number;
  } | null;
  initiator: 'fetch' | 'xhr' | 'beacon';
  online: boolean;
  connection: string;
  headers_ms: number;
  stream: { first_chunk_ms: number; longest_gap_ms: number; chunks: number; bytes: number } | null;
  /** 32 hex digits. */
  trace: string | null;
}

/** Good calls, counted: `[index of the upper edge, count]`, edges as in beacon/src/histogram.rs. */
export interface RequestsEvent extends Told {
  readonly type: 'requests';
  method: string;
  backend_origin: string;
  route: string;
  expected_origin: boolean;
  outcome: RequestOutcome;
  durations: { counts: [number, number][] };
}

/** One attempt at a journey. */
export interface JourneyEvent extends Told {
  readonly type: 'journey';
  name: string;
  outcome: 'success' | 'failed' | 'hung' | 'abandoned';
  finality: Finality;
  reason: 'page' | { request: RequestOutcome } | null;
  duration_ms: number;
  backend_origin: string;
  route: string;
  result: string | null;
  /** `parent`: position of the step it is a part of, plus one; 0 for the attempt itself. */
  steps: { name: string; started_ms: number; duration_ms: number; parent: number; ended: boolean }[];
}

export interface ErrorEvent extends Told {
  readonly type: 'error';
  kind: 'uncaught' | 'rejection' | 'script' | 'chunk' | 'csp' | 'resource' | 'console';
  message: string;
  source: string;
  stack: string;
  count: number;
}

/** What was told under this number turned out not to have happened. */
export interface WithdrawnEvent extends Told {
  readonly type: 'withdrawn';
}

/** What a vital was made of, in order of time. */
export interface VitalCauseEvent extends Told {
  readonly type: 'vital_cause';
  name: VitalName;
  element: string;
  resource: string;
  interaction: string;
  parts: {
    name:
      | 'time_to_first_byte'
      | 'resource_load_delay'
      | 'resource_load_duration'
      | 'element_render_delay'
      | 'input_delay'
      | 'processing_duration'
      | 'presentation_delay'
      | 'largest_shift'
      | 'largest_shift_time';
    value_micros: number;
  }[];
}

/** A route shown without loading a document. */
export interface RouteEvent extends Told {
  readonly type: 'route';
  route: string;
  from: string;
  trigger: 'platform' | 'history' | 'pop' | 'api';
  duration_ms: number;
  settled: boolean;
  requests: number;
}

/** Resources of one kind from one origin, counted. */
export interface ResourcesEvent extends Told {
  readonly type: 'resources';
  kind: string;
  origin: string;
  count: number;
  failed: number;
  cached: number;
  transfer_bytes: number;
  total_ms: number;
  longest_ms: number;
}

/** A slow or failed resource. */
export interface ResourceEvent extends Told {
  readonly type: 'resource';
  fault: 'slow' | 'failed';
  kind: string;
  address: string;
  duration_ms: number;
  wait_ms: number;
  transfer_bytes: number;
  status: number;
  protocol: string;
  blocking: boolean;
}

/** Long tasks, or long animation frames (`frames`). */
export interface LongTasksEvent extends Told {
  readonly type: 'long_tasks';
  frames: boolean;
  count: number;
  blocking_ms: number;
  worst_ms: number;
  worst_script: string;
  worst_invoker: string;
}

/** A WebSocket or an event source. Messages are counted from the moment the second module is there, those of an event
 *  source that have a name of their own if a listener for that name was added since. */
export interface SocketEvent extends Told {
  readonly type: 'socket';
  kind: 'web_socket' | 'event_source';
  backend_origin: string;
  route: string;
  expected_origin: boolean;
  outcome: 'connecting' | 'open' | 'failed' | 'closed' | 'lost';
  finality: Finality;
  close_code: number;
  connect_ms: number;
  open_ms: number;
  received: number;
  sent: number;
  first_message_ms: number;
  longest_gap_ms: number;
  reconnects: number;
}

/** Clicks, counted, and the most clicked elements. */
export interface ClicksEvent extends Told {
  readonly type: 'clicks';
  count: number;
  targets: { selector: string; count: number }[];
}

/** Clicks that speak of frustration. */
export interface FrustrationEvent extends Told {
  readonly type: 'frustration';
  kind: 'dead' | 'rage';
  selector: string;
  clicks: number;
}

/** What `measure()` was told. */
export interface MeasurementEvent extends Told {
  readonly type: 'measurement';
  name: string;
  value_micros: number;
  attributes: { key: string; value: string }[];
}

/** What the probe has cost so far. */
export interface ProbeEvent extends Told {
  readonly type: 'probe';
  core_ready_ms: number;
  main_thread_micros: number;
  runs: number;
  beacons: number;
  sent_bytes: number;
  queued: number;
  failed_sends: number;
}

export type SightlineEvent =
  | PageEvent
  | NavigationEvent
  | VitalEvent
  | RequestEvent
  | RequestsEvent
  | JourneyEvent
  | ErrorEvent
  | WithdrawnEvent
  | VitalCauseEvent
  | RouteEvent
  | ResourcesEvent
  | ResourceEvent
  | LongTasksEvent
  | SocketEvent
  | ClicksEvent
  | FrustrationEvent
  | MeasurementEvent
  | ProbeEvent;
