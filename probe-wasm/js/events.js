// Optional, fetched only where onEvent or beforeSend is used: each event's bytes enter on their way to the queue, plain
// objects go to the page's callbacks, and what beforeSend left of an event goes on. Decides nothing of its own; what a
// callback throws stays here.
import { changes } from './events/changes.js';
import { decode, encode, PARTS, VITALS } from './events/kinds.js';
import { passing } from './events/passing.js';
import { problem } from './problem.js';

/** Gives the shell `filter(bytes) → bytes | null`, and the two methods of the API. */
export const install = (shell) => {
  const subscribers = new Set();
  const senders = [];
  // How the vitals of this view stand, for who subscribes late: the final ones, and those on their way.
  let known = [];
  shell.on('restored', () => {
    known = [];
  });

  const tell = (subscriber, event) => {
    if (subscriber.subscription.ended) return subscribers.delete(subscriber);
    try {
      subscriber.callback(event);
    } catch (error) {
      problem(shell, 'onEvent', `the callback threw ${error}; one that does not throw is right`);
    }
  };

  // Like web-vitals: told when the value has changed since this subscriber heard of it.
  const tellMetric = (subscriber, { name, value, id, rating, navigationType, isFinal }) => {
    const before = subscriber.told[id];
    if (before === value || !(isFinal || subscriber.all)) return;
    subscriber.told[id] = value;
    const cause = isFinal && shell.causes?.[name];
    tell(subscriber, { type: 'vital', name, value, delta: value - (before || 0), id, rating, navigationType, attribution: cause ? attributionOf(cause) : {} });
  };
  const tellAll = () => {
    for (const metric of known) for (const subscriber of subscribers) tellMetric(subscriber, metric);
  };
  const heard = (isFinal) => (said) => {
    if (!shell.details()) return;
    known = known.filter((other) => other.name !== said.name || (other.isFinal && !isFinal));
    const metric = { ...said, rating: ratingOf(said), navigationType: shell.navigationType(), isFinal };
    known.push(metric);
    // The cause of a final one is told in the same task.
    if (!isFinal) for (const subscriber of subscribers) tellMetric(subscriber, metric);
    else if (ready) queueMicrotask(tellAll);
  };
  // The module that knows causes is waited for: once it is there, vitals are told anew. Not when the page is left.
  let ready = false;
  Promise.resolve(shell.more()).then(() => {
    ready = true;
    if (!shell.causes) tellAll();
  });
  shell.on('leaving', () => {
    ready = true;
    tellAll();
  });
  shell.on('vital', heard(true));
  let changing = false;

  const decoded = (bytes) => {
    try {
      return decode(bytes);
    } catch (error) {
      problem(shell, 'events.js', `cannot read an event (${error}); the same build of core.js and events.js is right`);
    }
  };
  const keep = (bytes) => {
    for (const callback of senders) {
      const event = decoded(bytes);
      // What cannot be shown to the callback cannot have been redacted.
      if (!event) return null;
      const { type, n, rev, at } = event;
      try {
        const left = callback(event);
        if (left === null || left === false) return null;
        bytes = encode({ ...(typeof left === 'object' ? left : event), type, n, rev, at });
      } catch (error) {
        problem(shell, 'beforeSend', `lost a "${type}" event: ${error}; an event, null or false is right`);
        return null;
      }
    }
    return bytes;
  };

  const filter = (bytes) => {
    // An object of its own for each: what one changes, another must not see.
    for (const subscriber of subscribers) {
      const event = decoded(bytes);
      // Vitals are told as metrics, when they are decided and not when they leave.
      if (event && event.type !== 'vital') tell(subscriber, event);
    }
    return keep(bytes);
  };
  shell.pass = passing(shell, filter);
  return {
    filter,
    onEvent(callback, subscription = {}) {
      const { reportAllChanges = shell.config.reportAllChanges } = subscription;
      const subscriber = { callback, subscription, all: Boolean(reportAllChanges), told: {} };
      subscribers.add(subscriber);
      for (const metric of known) if (ready || !metric.isFinal) tellMetric(subscriber, metric);
      // Values on their way cost work: reckoned only where somebody wants them.
      if (subscriber.all && !changing) changes(shell, heard(false));
      changing = changing || subscriber.all;
    },
    beforeSend(callback) {
      senders.push(callback);
      shell.hold = 0;
    },
  };
};

// The largest value that is still good, and the largest that only needs improvement: beacon/src/v1/vital.rs.
const THRESHOLDS = { TTFB: [800, 1800], FCP: [1800, 3000], LCP: [2500, 4000], CLS: [0.1, 0.25], INP: [200, 500] };
const ratingOf = ({ name, value }) => {
  const [good, poor] = THRESHOLDS[name];
  return value <= good ? 'good' : value <= poor ? 'needs-improvement' : 'poor';
};

// The fields of a cause as they are told, with the names and units of web-vitals' attribution build
// (https://github.com/GoogleChrome/web-vitals#attribution).
const TARGETS = { lcp: 'target', cls: 'largestShiftTarget', inp: 'interactionTarget' };
const attributionOf = ([vital, element, resource, interaction, , ...parts]) => {
  const attribution = {};
  const target = TARGETS[VITALS[vital]];
  if (target && element) attribution[target] = element;
  if (resource) attribution.url = resource;
  if (interaction) attribution.interactionType = /^key/.test(interaction) ? 'keyboard' : 'pointer';
  for (let index = 0; index < parts.length; index += 2) {
    const name = PARTS[parts[index]].replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    // A score in millionths, the others in microseconds.
    if (name === 'largestShift') attribution.largestShiftValue = parts[index + 1] / 1e6;
    else attribution[name] = parts[index + 1] / 1000;
  }
  return attribution;
};
