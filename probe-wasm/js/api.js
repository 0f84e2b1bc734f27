// What code of the page may say beyond declarations, fetched when it first does; the package's own functions
// check it and hand it here, with the time it was said. Attempts and steps go by tokens of the package.

export const install = ({ wasm, attributes, cut, fact, fitting, journeyNamed, load, text, tick }) => {
  // By token: [attempt, step], step 0 for the attempt itself.
  const made = new Map();
  const end = (token, failed, reason, at) => {
    const [attempt, step] = made.get(token) || [];
    made.delete(token);
    tick();
    if (step) wasm.end_step(attempt, step, at);
    else if (attempt) wasm.end_journey(attempt, failed, reason ? text(reason) : 0, at);
  };
  return {
    journey(token, name, limitMs, at) {
      tick();
      made.set(token, [wasm.journey(journeyNamed(name), text(name), limitMs, at), 0]);
    },
    step(token, parent, name, at) {
      const [attempt, step] = made.get(parent) || [];
      if (attempt) made.set(token, [attempt, wasm.step(attempt, text(name), step, at)]);
    },
    end: (token, at) => end(token, 0, '', at),
    fail: (token, reason, at) => end(token, 1, reason, at),
    measure(name, value, given, at) {
      const micros = Math.round(value * 1e6);
      const pairs = Object.entries(given || {}).slice(0, 16);
      // A signed number, as zigzag.
      fact(16, at, 0, cut(name), micros < 0 ? -2 * micros - 1 : 2 * micros, pairs.length, ...pairs.flat().map((text) => cut(text)));
    },
    attribute(key, value) {
      if (value === null) attributes.delete(key);
      else if (attributes.size < 16 || attributes.has(key)) attributes.set(cut(key), cut(value));
    },
    event(name, at) {
      tick();
      wasm.signal(fitting('event', name), at);
    },
    onEvent: (...given) => load('events', (module) => module.onEvent(...given)),
    beforeSend: (...given) => load('events', (module) => module.beforeSend(...given)),
  };
};
