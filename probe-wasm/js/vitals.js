// Observes what the web vitals are made of and notes it as tuples; the meaning is in src/vitals. Times in
// milliseconds since the start of the navigation:
//   a activation hidden     the page is shown: when it was activated, when first hidden since (-1: never)
//   f, l time               first contentful paint, a candidate for the largest
//   m time score            the layout moved, and not because of an input
//   i time                  a click or a key of the user
//   t interactions shifts   the page is being hidden: interactions of this view, whether shifts are told
//   w time after            a restored page was painted, so long after its restore
const now = () => performance.now();
const entries = (type) => performance.getEntriesByType(type);
const types = (self.PerformanceObserver && PerformanceObserver.supportedEntryTypes) || [];

// Tells of what came before at once and of the rest when the browser does; returns a function that takes
// what it has not delivered yet.
const observe = (undo, type, tell) => {
  const observer = types.includes(type) && new PerformanceObserver((list) => tell(list.getEntries()));
  const take = () => observer && tell(observer.takeRecords());
  if (observer) {
    observer.observe({ type, buffered: true, durationThreshold: 0 });
    undo.push(() => observer.disconnect());
  }
  take();
  return take;
};

// Returns two functions: one to be called before the core hears of hiding, and one that tells when the
// page has been restored from memory.
export const vitals = (hook, note) => {
  let moved;
  let counted = 0;
  let least = Infinity;
  let most = 0;
  // An estimate where the browser does not count: it numbers interactions in steps of seven.
  const interactions = () => performance.interactionCount ?? (most && (most - least) / 7 + 1);

  const begin = () => {
    const activation = (entries('navigation')[0] || {}).activationStart || 0;
    const states = entries('visibility-state');
    const hidden = states.find(({ name, startTime }) => name === 'hidden' && startTime >= activation);
    note('a', activation, hidden ? hidden.startTime : states.length ? -1 : hook.hiddenAt);
    observe(hook.undo, 'paint', (list) => {
      for (const { name, startTime } of list) if (name === 'first-contentful-paint') note('f', startTime);
    });
    // As web-vitals does, only the last candidate of a delivery is looked at.
    observe(hook.undo, 'largest-contentful-paint', (list) => list.length && note('l', list[list.length - 1].startTime));
    moved = observe(hook.undo, 'layout-shift', (list) => {
      for (const { startTime, value, hadRecentInput } of list) if (!hadRecentInput) note('m', startTime, value);
    });
    if (!('interactionCount' in performance)) {
      observe(hook.undo, 'event', (list) => {
        for (const { interactionId } of list) {
          if (interactionId) {
            least = Math.min(least, interactionId);
            most = Math.max(most, interactionId);
          }
        }
      });
    }
  };
  if (document.prerendering) document.addEventListener('prerenderingchange', begin, { once: true });
  else begin();
  // Scripts click as well; only the user's own input ends the search for the largest paint.
  for (const type of ['keydown', 'click']) {
    const used = ({ isTrusted }) => isTrusted && note('i', now());
    addEventListener(type, used, true);
    hook.undo.push(() => removeEventListener(type, used, true));
  }

  return {
    leaving() {
      if (moved) moved();
      if (hook.timed) hook.timed();
      note('t', now(), interactions() - counted, types.includes('layout-shift'));
    },
    restored(at) {
      counted = interactions();
      // The second frame begins when the first has been painted.
      requestAnimationFrame(() => requestAnimationFrame(() => note('w', now(), now() - at, types.includes('largest-contentful-paint'))));
    },
  };
};
