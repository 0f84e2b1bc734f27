// Observes what the web vitals are made of and hands it to the core as it is drained; the meaning is in
// src/vitals. Tuples, times in milliseconds since the start of the navigation:
//   a activation hidden     the page is shown: when it was activated, when first hidden since (-1: never)
//   f time                  first contentful paint
//   l time entry            a candidate for the largest
//   m time entry            the layout moved, and not because of an input
//   i time                  a click or a key of the user
//   n time entry            an event of an interaction, noted by the hook
//   t time interactions     the page is being hidden: interactions of this view
//   y time after            a restored page was painted, so long after its restore
import { wasm } from './wasm.js';
import { VITALS, entries, hook, listen, navigation, now, observe, tells, words } from './ground.js';

let moved, grown;
let counted = 0;
let least = Infinity;
let most = 0;
// An estimate where the browser does not count: it numbers interactions in steps of seven.
const interactions = () => performance.interactionCount ?? (most && (most - least) / 7 + 1);
const note = (...tuple) => hook.note(...tuple);

export const tuples = {
  a: (at, hidden) => wasm.activated(at, hidden),
  f: (at) => wasm.first_paint(at),
  l: (at) => wasm.candidate(at),
  m: (at, { value }) => wasm.shift(at, value),
  i: () => wasm.input(),
  n: (at, { interactionId, duration }) => wasm.interaction(interactionId, duration),
  t: (at, count) => wasm.leaving_vitals(count, tells('layout-shift')),
  y: (at, after) => wasm.restore_painted(after, tells('largest-contentful-paint')),
};

const begin = () => {
  const { activationStart = 0 } = navigation();
  const states = entries('visibility-state');
  const hidden = states.find(({ name, startTime }) => name === 'hidden' && startTime >= activationStart);
  note('a', activationStart, hidden ? hidden.startTime : states[0] ? -1 : hook.hiddenAt);
  observe('paint', (list) => list.forEach(({ name, startTime }) => name === 'first-contentful-paint' && note('f', startTime)));
  // As web-vitals does, only the last candidate of a delivery is looked at.
  grown = observe('largest-contentful-paint', (list) => list.slice(-1).forEach((entry) => note('l', entry.startTime, entry)));
  moved = observe('layout-shift', (list) => list.forEach((entry) => entry.hadRecentInput || note('m', entry.startTime, entry)));
  if (!('interactionCount' in performance)) {
    observe('event', (list) => {
      for (const { interactionId } of list) {
        if (interactionId) {
          least = Math.min(least, interactionId);
          most = Math.max(most, interactionId);
        }
      }
    }, { durationThreshold: 0 });
  }
};

export const watchVitals = () => {
  if (document.prerendering) document.addEventListener('prerenderingchange', begin, { once: true });
  else begin();
  // Scripts click as well; only the user's own input ends the search for the largest paint.
  for (const type of ['keydown', 'click']) listen(window, type, ({ isTrusted }) => isTrusted && note('i'));
};
// To be called before the core hears of hiding.
export const vitalsLeave = () => {
  // What the page has brought before it was hidden may not have been delivered yet.
  grown?.();
  moved?.();
  hook.timed();
  note('t', 0, interactions() - counted);
};
export const vitalsRestored = (at) => {
  counted = interactions();
  // The second frame begins when the first has been painted.
  requestAnimationFrame(() => requestAnimationFrame(() => note('y', 0, now() - at)));
};

// Vitals told since the last time, for who subscribes: value in milliseconds or as a score.
let heard = [];
// Who has come since has not heard them.
export const retell = () => {
  heard = [];
};
export const toldVitals = (tell) => ['TTFB', 'FCP', 'LCP', 'CLS', 'INP'].forEach((name, index) => {
  const [times, micros, change] = words.subarray(VITALS + 3 * index);
  const id = hook.view + name;
  if (!times || heard[index] === id + times) return;
  heard[index] = id + times;
  const unit = name === 'CLS' ? 1e6 : 1e3;
  tell('vital', { name, value: micros / unit, delta: (change | 0) / unit, id });
});
