// Values of vitals on their way, for who asked for all changes: entries of the browser enter, values leave whenever web-vitals
// would report one with `reportAllChanges` (https://github.com/GoogleChrome/web-vitals#report-the-value-on-every-change).
// What is final, and which vitals are told once only, is the core's to say.

/** The slowest interactions looked at, and how many of all stand for one rank: the 98th percentile. */
const SLOWEST = 10;
const PER_RANK = 50;

/** Tells `{ name, value, id }` at every change in this view; to be called once. */
export const changes = (shell, tell) => {
  const { hook, observe, on, take } = shell;
  // What came before the page was restored from memory is another view's.
  let began = shell.navigationType() === 'back-forward-cache' ? shell.now() : 0;
  let counted = 0;
  let final, said, shifts, slowest, awaited;
  const begin = () => {
    final = {};
    said = {};
    shifts = { sum: 0, most: 0 };
    slowest = [];
  };
  begin();
  const interactions = () => performance.interactionCount ?? slowest.length;
  on('restored', (at) => {
    began = at;
    counted = interactions();
    begin();
  });
  // As exact as the wire, so that the final value is no change.
  const say = (name, exact) => {
    const unit = name === 'CLS' ? 1e6 : 1e3;
    const value = Math.round(exact * unit) / unit;
    if (said[name] !== value) tell({ name, value: (said[name] = value), id: hook.view + name });
  };

  // --- The largest paint: each candidate, until the first input or hiding has made one final.
  const entriesOf = (type) => performance.getEntriesByType(type);
  const hiddenAt = () => {
    const { activationStart = 0 } = entriesOf('navigation')[0] || {};
    const states = entriesOf('visibility-state');
    const hidden = states.find(({ name, startTime }) => name === 'hidden' && startTime >= activationStart);
    return [activationStart, hidden ? hidden.startTime : states[0] || hook.hiddenAt < 0 ? Infinity : hook.hiddenAt];
  };
  observe('largest-contentful-paint', (entries) => {
    const [activated, hidden] = hiddenAt();
    for (const { startTime } of entries) {
      if (!final.LCP && startTime >= began && startTime < hidden) say('LCP', Math.max(startTime - activated, 0));
    }
  });

  // --- Layout shifts: windows of at most five seconds with gaps below one; told once the page was painted.
  const shifted = () => final.FCP && say('CLS', shifts.most);
  observe('layout-shift', (entries) => {
    for (const { startTime, value, hadRecentInput } of entries) {
      if (hadRecentInput || startTime < began) continue;
      if (!(shifts.sum && startTime - shifts.last < 1000 && startTime - shifts.first < 5000)) Object.assign(shifts, { sum: 0, first: startTime });
      shifts.last = startTime;
      shifts.sum += value;
      shifts.most = Math.max(shifts.most, shifts.sum);
    }
    shifted();
  });

  // --- Interactions: those the hook saw, and those the browser still has of before.
  const timed = ({ interactionId: id, duration, startTime }) => {
    if (!id || startTime < began) return;
    const known = slowest.find((one) => one.id === id);
    if (known) known.duration = Math.max(known.duration, duration);
    else slowest.push({ id, duration });
    slowest.sort((one, other) => other.duration - one.duration).splice(SLOWEST);
    awaited =
      awaited ||
      // A frame's events come together.
      Promise.resolve().then(() => {
        awaited = 0;
        const rank = Math.min(slowest.length - 1, Math.floor((interactions() - counted) / PER_RANK));
        if (slowest[rank]) say('INP', slowest[rank].duration);
      });
  };
  take('n', (at, entry) => timed(entry));
  for (const type of ['event', 'first-input']) observe(type, (entries) => entries.forEach(timed), { durationThreshold: 40 });

  on('vital', ({ name, value }) => {
    final[name] = 1;
    said[name] = value;
    shifted();
  });
};
