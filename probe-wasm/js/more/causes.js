// What a vital was made of, with the parts of web-vitals' attribution build
// (https://github.com/GoogleChrome/web-vitals/tree/main/src/attribution): enter the entries that vitals are
// computed from and the vitals as they are told, leaves one VitalCause each. Which entry made a vital is
// known by its value alone; the vitals themselves are the core's.

export const causes = (shell) => {
  const { address, selector } = shell;
  // Newest first: candidates for the largest paint, frames of events as [painted, from, until].
  let paints, frames;
  // The ten slowest interactions, slowest first.
  let interactions;
  // The window of shifts that is open, and the worst one.
  let shifts, worst;
  // When the page was restored from memory.
  let restored;
  let click = {};
  let loaded = [];

  const reset = (at) => {
    restored = at;
    paints = [];
    frames = [];
    interactions = [];
    shifts = worst = 0;
    for (const name in shell.causes) delete shell.causes[name];
  };
  reset();
  shell.on('restored', reset);

  const tells = {};
  const tell = (tag, at, element, resource, interaction, part, ...values) => {
    tells[tag] = tells[tag] || shell.teller(8);
    const fields = [tag, element, resource, interaction, values.length, ...values.flatMap((value, index) => [part + index, value * 1000])];
    shell.causes[['', '', 'LCP', 'CLS', 'INP'][tag]] = fields;
    tells[tag](at, ...fields);
  };

  // --- The largest paint. Its element may be gone by the time the vital is told.
  shell.take('l', (at, entry) => {
    const { element, id } = entry;
    paints.unshift([entry, element ? selector(element) : id && !/\d{5}|@/.test(id) ? '#' + id : '']);
    paints.splice(20);
  });
  // The browser keeps 250 resources and then none; these are the last.
  shell.observe('resource', (entries) => {
    loaded = loaded.concat(entries).slice(-50);
  }, { buffered: true });

  const LCP = (value) => {
    const [{ responseStart, activationStart = 0 } = {}] = performance.getEntriesByType('navigation');
    const found = paints.find(([{ startTime }]) => Math.abs(Math.max(startTime - activationStart, 0) - value) < 1);
    // A restored page is painted without entries: all of it is rendering.
    if (!found) return restored && tell(2, restored, '', '', '', 0, 0, 0, 0, value);
    const [{ startTime, url }, element] = found;
    const asked = (entry) => entry.requestStart || entry.startTime;
    const resource = performance.getEntriesByName(url).concat(loaded).filter((entry) => entry.name === url && asked(entry) <= startTime).pop();
    let first = 0;
    let from = 0;
    let until = 0;
    // Some browsers tell zero, or a time to come: https://github.com/GoogleChrome/web-vitals/issues/137
    if (responseStart > 0 && responseStart < shell.now()) {
      first = from = until = Math.max(0, responseStart - activationStart);
      if (resource) {
        from = Math.max(first, asked(resource) - activationStart);
        until = Math.max(from, resource.responseEnd - activationStart);
      }
      // A video goes on loading after it was painted.
      until = Math.min(value, until);
    }
    tell(2, startTime, element, address(url), '', 0, first, from - first, until - from, value - until);
  };

  // --- Layout shifts: windows of at most five seconds with gaps below one.
  shell.take('m', (at, { startTime, value, sources, hadRecentInput }) => {
    if (hadRecentInput) return;
    if (!(startTime - shifts.last < 1000 && startTime - shifts.first < 5000)) shifts = { first: startTime, sum: 0, value: 0 };
    shifts.last = startTime;
    shifts.sum += value;
    if (value >= shifts.value) {
      const { node } = sources.find((source) => source.node && source.node.nodeType === 1) || sources[0] || {};
      Object.assign(shifts, { value, at: startTime, element: node ? selector(node.tagName ? node : node.parentElement) : '' });
    }
    if (!(shifts.sum <= worst.sum)) worst = { ...shifts };
  });

  const CLS = () => worst && tell(3, worst.at, worst.element, '', '', 7, worst.value * 1000, worst.at);

  // --- Interactions: all events painted in one frame share its processing, whether of an interaction or not.
  const timed = (entry) => {
    const { startTime, duration, processingStart, processingEnd, interactionId, target } = entry;
    const painted = startTime + duration;
    let frame = frames.find(([at]) => Math.abs(painted - at) <= 8);
    if (!frame) {
      frames.unshift((frame = [painted, processingStart, processingEnd]));
      frames.splice(10);
    }
    frame[1] = Math.min(frame[1], processingStart);
    frame[2] = Math.max(frame[2], processingEnd);
    if (!interactionId) return;
    let slow = interactions.find(({ id }) => id === interactionId);
    if (!slow) interactions.push((slow = { id: interactionId, latency: -1 }));
    // What was clicked away is no target any more; the click knows it.
    const element = target || (click.at >= startTime && click.at <= painted && click.element);
    slow.element = slow.element || (element ? selector(element) : '');
    if (duration > slow.latency) Object.assign(slow, { latency: duration, entry, frame });
    interactions.sort((a, b) => b.latency - a.latency).splice(10);
  };
  shell.take('c', (at, element) => {
    click = { at, element };
  });
  shell.take('n', (at, entry) => timed(entry));
  shell.observe('event', (entries) => entries.forEach(timed), { buffered: true, durationThreshold: 40 });

  const INP = (value) => {
    const slow = interactions.find(({ latency }) => Math.abs(latency - value) < 1);
    // Too fast for an entry, and no first input after a restore: known by the browser's count only.
    if (!slow) return restored && tell(4, restored, '', '', '', 4, 0, 0, value);
    const { element, entry: { startTime, duration, name }, frame: [, begun, done] } = slow;
    const from = Math.max(begun, startTime);
    const painted = Math.max(startTime + duration, from);
    // An alert lets handlers outlast the paint: https://github.com/GoogleChrome/web-vitals/issues/492
    const until = Math.min(done, painted);
    tell(4, startTime, element, '', name, 4, from - startTime, until - from, painted - until);
  };

  const made = { LCP, CLS, INP };
  shell.on('vital', ({ name, value }) => made[name] && made[name](value));
};
