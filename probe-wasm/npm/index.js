// The API for those who want more than declarations. Calls enter at any time, before the core is up too; they leave as
// `[method, args]` to the hook, which has `api` once the core is up and keeps them in `calls` until then. Nothing here
// throws into the page; what cannot be right is refused, and said once with `debug`. Knows no event and sends nothing.
import { inlineScript } from './inline.js';

export { inlineScript };

/** Calls kept before the core is up. */
const KEPT = 100;
// Bounds of the wire: beacon/src/limits.rs.
const NAME_BYTES = 128;
const ATTRIBUTES = 16;
const STEPS = 16;
const DAY_MS = 86_400_000;
/** So that its millionths are exact in a double. */
const LARGEST = 1e9;

/** Starts the probe that waits for consent, or one from a module. What happened before this call was not seen. */
export async function start(options) {
  if (typeof document === 'undefined') return;
  try {
    const waiting = globalThis.__sightline;
    if (waiting) waiting.start();
    else if (!options?.app || !options.collector) {
      return refuse('start', 'lacks "app" or "collector"', 'options with both are right', options);
    } else {
      globalThis.__sightlineConfig = { core: new URL('./', import.meta.url).href, ...options };
      await import('./early.js');
      if (options.traceOrigins?.length) await import('./trace.js');
    }
    handOver();
  } catch (error) {
    refuse('start', `could not load the probe: ${error}`, 'early.js and trace.js beside index.js are right', options);
  }
}

/** Takes every hook back, for the rest of this document. */
export function stop() {
  try {
    globalThis.__sightline?.stop();
  } catch {}
}

export const journey = calm(
  (name, options) => {
    const limitMs = options?.limitMs ?? 30_000;
    if (!isName(name)) return refuse('journey', `got the name ${String(name)}`, A_NAME) ?? INERT;
    if (!(limitMs >= 1 && limitMs <= DAY_MS)) {
      return refuse(`journey(${name}).limitMs`, `got ${String(limitMs)}`, `milliseconds from 1 to ${DAY_MS} are right`) ?? INERT;
    }
    const token = ++tokens;
    // What could not be told to begin with has no end either.
    if (!send('journey', token, name, limitMs, now())) return INERT;
    let over = false;
    let steps = 0;
    const close = (method, ...args) => {
      if (!over) send(method, token, ...args, now());
      over = true;
    };
    const stepsOf = (parent, isOver) =>
      calm(
        (stepName) => {
          if (over || isOver()) return INERT;
          if (!isName(stepName)) return refuse(`journey(${name}).step`, `got the name ${String(stepName)}`, A_NAME) ?? INERT;
          if (++steps > STEPS) return refuse(`journey(${name}).step`, `got more than ${STEPS}`, `at most ${STEPS} steps are right`) ?? INERT;
          const own = ++tokens;
          let ended = false;
          if (!send('step', own, parent, stepName, now())) return INERT;
          return {
            step: stepsOf(own, () => ended),
            end() {
              if (!ended && !over) send('end', own, now());
              ended = true;
            },
          };
        },
        () => INERT,
      );
    return {
      step: stepsOf(token, () => false),
      end: () => close('end'),
      fail: calm((reason) => close('fail', shortened(reason ?? ''))),
    };
  },
  () => INERT,
);

export const measure = calm((name, value, attributes) => {
  if (!isName(name)) return refuse('measure', `got the name ${String(name)}`, A_NAME);
  if (typeof value !== 'number' || !(Math.abs(value) <= LARGEST)) {
    return refuse(`measure(${name})`, `got the value ${String(value)}`, 'a number from -1e9 to 1e9 is right');
  }
  const pairs = Object.entries(attributes || {});
  if (pairs.length > ATTRIBUTES) refuse(`measure(${name}).attributes`, `got ${pairs.length}`, `at most ${ATTRIBUTES} are right`);
  const given = pairs.slice(0, ATTRIBUTES).filter(([key, text]) => isName(key) && isPlain(text));
  send('measure', name, value, Object.fromEntries(given.map(([key, text]) => [key, shortened(text)])), now());
});

export const attribute = calm((key, value) => {
  if (!isName(key)) return refuse('attribute', `got the key ${String(key)}`, A_NAME);
  if (value === null || value === undefined) {
    attributeKeys.delete(key);
    return send('attribute', key, null);
  }
  if (!isPlain(value)) return refuse(`attribute(${key})`, `got ${typeof value}`, 'a text, a number, true, false or null is right');
  if (!attributeKeys.has(key) && attributeKeys.size >= ATTRIBUTES) {
    return refuse(`attribute(${key})`, `there are ${ATTRIBUTES} already`, 'taking another back first, with null, is right');
  }
  attributeKeys.add(key);
  send('attribute', key, shortened(value));
});

export const setRoute = calm((template) => {
  if (typeof template !== 'string' || !/^\/[^?#\s]*$/.test(template)) {
    return refuse('setRoute', `got ${String(template)}`, 'a path template such as "/films/:id" is right');
  }
  send('setRoute', template, now());
});

export const event = calm((name) => {
  if (!isName(name)) return refuse('event', `got the name ${String(name)}`, A_NAME);
  send('event', name, now());
});

export const beforeSend = calm((callback) => {
  if (typeof callback !== 'function') return refuse('beforeSend', `got ${typeof callback}`, 'a function is right');
  send('beforeSend', callback);
});

export const onEvent = calm(
  (callback, options) => {
    if (typeof callback !== 'function') return refuse('onEvent', `got ${typeof callback}`, 'a function is right') ?? (() => {});
    // Looked at before each call, so that one who leaves before the core is up is not called either.
    const subscription = { reportAllChanges: options?.reportAllChanges, ended: false };
    send('onEvent', callback, subscription);
    return () => {
      subscription.ended = true;
    };
  },
  () => () => {},
);

/** The function that does as `act`, and where that throws gives what `instead` does. */
function calm(act, instead = () => undefined) {
  return (...args) => {
    try {
      return act(...args);
    } catch {
      return instead();
    }
  };
}

// --- The way to the hook.
const now = () => performance.now();
let tokens = 0;
const attributeKeys = new Set();
const INERT = Object.freeze({ step: () => INERT, end() {}, fail() {} });

// What holds for the whole visit, told before there was a hook or a consent. The rest is not noted before.
const DECLARATIONS = ['beforeSend', 'onEvent', 'attribute', 'setRoute'];
const waiting = [];

/** The hook, or nothing: none was installed, or it waits for consent and is not one yet. */
const hookNow = () => {
  const hook = globalThis.__sightline;
  return hook && hook.undo ? hook : undefined;
};

/** Whether the call was taken; never throws. */
const send = (method, ...args) => {
  try {
    if (hookNow()) {
      handOver();
      return deliver(method, args);
    }
    if (typeof document === 'undefined' || !DECLARATIONS.includes(method)) return false;
    hearOfConsent();
    return keepIn(waiting, method, args);
  } catch {
    return false;
  }
};

const deliver = (method, args) => {
  const hook = hookNow();
  if (hook.stopped) return false;
  if (hook.api) {
    hook.api[method](...args);
    return true;
  }
  const taken = keepIn((hook.calls = hook.calls || []), method, args);
  if (!taken) hook.dropped++;
  return taken;
};

// What was begun may end, and a callback may redact: neither is refused for want of room.
const keepIn = (calls, method, args) => {
  const taken = calls.length < KEPT || method === 'end' || method === 'fail' || typeof args[0] === 'function';
  if (taken) calls.push([method, args]);
  return taken;
};

const handOver = () => {
  if (hookNow()) for (const [method, args] of waiting.splice(0)) deliver(method, args);
};

// Consent may also be given without this package, by `__sightline.start()`.
let heard;
const hearOfConsent = () => {
  const stub = globalThis.__sightline;
  if (!stub || stub === heard) return;
  heard = stub;
  const { start } = stub;
  stub.start = () => {
    start();
    handOver();
  };
};

// --- What is right.
const A_NAME = `a text of 1 to ${NAME_BYTES} bytes is right`;
const bytesOf = (text) => new TextEncoder().encode(text).length;
const isName = (given) => typeof given === 'string' && given !== '' && bytesOf(given) <= NAME_BYTES;
const isPlain = (given) => ['string', 'number', 'boolean'].includes(typeof given);
const shortened = (given) => {
  const room = new Uint8Array(NAME_BYTES);
  const { written } = new TextEncoder().encodeInto(String(given), room);
  return new TextDecoder().decode(room.subarray(0, written));
};

const refused = new Set();
const refuse = (key, wrong, right, config = globalThis.__sightlineConfig) => {
  if (!config?.debug || refused.has(key)) return;
  refused.add(key);
  console.warn(`sightline: ${key}: ${wrong}; ${right}`);
};
