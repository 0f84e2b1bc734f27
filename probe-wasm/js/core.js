// Starts the wasm core and decides when it runs: in idle batches, at its own deadlines, around the
// paint of frames it waits for, and at once when the page is hidden. What the core means by any of
// this is its own affair.
import { readField } from './body.js';
import { check } from './check.js';
import init, * as core from './glue.js';
import { handOver, send } from './transport.js';

// The configuration as lines of tab-separated fields; their meaning is in src/config.rs.
const lines = ({ mount, release, backendOrigin, checkUnreachable, expectedBackendOrigins, requests, journeys }) =>
  [
    ['a', mount || 'body', release, backendOrigin, checkUnreachable && 1],
    ['o', ...(expectedBackendOrigins || [])],
    ...(requests || []).map((rule) => ['r', rule.match, rule.json && 1, rule.field, rule.limitMs, ...(rule.good || [])]),
    ...(journeys || []).flatMap(({ name, start, end, limitMs, failedPage, needs }) => [
      ['j', name, end.request, end.painted, limitMs, failedPage && 1],
      ...start.map((how) => ['s', ...Object.entries(how)[0]]),
      ...(needs || []).map((call) => ['n', call]),
    ]),
  ]
    .map((fields) => fields.map((field) => String(field || '').replace(/[\t\n]/g, ' ')).join('\t'))
    .join('\n');

export async function start(hook, base) {
  const answer = await hook.fetch(base + 'core.wasm');
  // A history fallback answers with HTML and 200.
  if (!answer.ok || !/wasm/.test(answer.headers.get('content-type'))) throw new Error('core.wasm: ' + answer.status);
  const module = await (WebAssembly.compileStreaming ? WebAssembly.compileStreaming(answer) : answer.arrayBuffer().then(WebAssembly.compile));
  // Two releases behind one balancer may hold two builds of the probe, whose names mean different things.
  if (!WebAssembly.Module.customSections(module, BUILD).length) throw new Error('core.wasm: another build');
  await init({ module_or_path: module });
  if (!core.begin(hook, hook.bases.join('\n'), lines(hook.config))) throw new Error('no early hook');

  const now = () => performance.now();
  const note = (...tuple) => {
    hook.queue.push(tuple);
    hook.wake();
  };
  hook.check = (origin, id) => check(hook, origin, (answered) => note('k', now(), id, answered));
  hook.read = (body, id, at, field) => readField(body, field, (value) => note('d', at, id, value));
  const idle = window.requestIdleCallback || setTimeout;
  let scheduled, timer, frame;

  const observer = new MutationObserver(() => paint());
  const paint = () => {
    frame = frame || requestAnimationFrame(() => {
      core.before_paint();
      // A task posted from an animation frame runs after that frame was painted.
      setTimeout(() => {
        frame = 0;
        core.after_paint(now());
        run();
      });
    });
  };
  let watching = false;
  let hidden = document.hidden;
  const leave = () => {
    for (let bytes; (bytes = core.leaving()); ) {
      if (handOver(hook.endpoint, bytes)) core.browser_took();
      else core.browser_declined();
    }
  };
  const run = () => {
    scheduled = false;
    clearTimeout(timer);
    const wait = core.run(now());
    if (hidden) leave();
    else {
      const bytes = core.next_beacon(now());
      if (bytes) {
        send(hook, hook.endpoint, bytes).then(([status, retryAfter]) => {
          core.answered(status, retryAfter, now(), Math.random());
          hook.wake();
        });
      }
    }
    if (wait >= 0) timer = setTimeout(run, wait);
    if (watching !== core.watching()) {
      watching = !watching;
      if (watching) {
        observer.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['class', 'id'] });
        paint();
      } else observer.disconnect();
    }
  };
  hook.wake = () => {
    if (scheduled) return;
    scheduled = true;
    core.batch_begins();
    idle(run, { timeout: 200 });
  };
  hook.lifecycle = (what) => {
    hidden = what !== 'show';
    if (hidden) core.hide(now());
    else core.show(now());
    run();
  };
  hook.mutations.disconnect();

  const observe = (type, kind, wanted) => {
    try {
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!wanted || entry.name === wanted) note(kind, entry.startTime);
      }).observe({ type, buffered: true });
    } catch {}
  };
  observe('paint', 'f', 'first-contentful-paint');
  observe('largest-contentful-paint', 'l');
  addEventListener('keydown', () => note('i', now()), { capture: true, once: true });
  if (document.readyState !== 'complete') addEventListener('load', () => setTimeout(hook.wake), { once: true });
  run();
}
