// Starts the wasm core and decides when it runs: in idle batches, at its own deadlines, around the
// paint of frames it waits for, and at once when the page is hidden. What the core means by any of
// this is its own affair.
import { readField } from './body.js';
import { check } from './check.js';
import init, * as core from './glue.js';
import { openStore } from './persist.js';
import { openTransport } from './transport.js';
import { vitals } from './vitals.js';

// The configuration as lines of tab-separated fields; their meaning is in src/config.rs.
const lines = ({ mount, release, backendOrigin, checkUnreachable, expectedBackendOrigins, requests, journeys, storage }, gpc) =>
  [
    ['p', gpc || storage === 'none' ? '' : 1, gpc ? '' : 1],
    ['a', mount || 'body', release, backendOrigin, checkUnreachable && !gpc && 1],
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
  if (hook.stopped) return;
  const begin = (restoredAt) => core.begin(hook, hook.bases.join('\n'), lines(hook.config, hook.gpc), restoredAt);
  if (!begin(-1)) throw new Error('no early hook');

  const now = () => performance.now();
  const note = (...tuple) => {
    if (hook.stopped) return;
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
  let watching = 0;
  let hidden = document.hidden;
  const { send, handOver } = openTransport(hook);
  hook.undo.push(() => {
    clearTimeout(timer);
    observer.disconnect();
    if (store) store.forget();
    try {
      sessionStorage.removeItem('sightline');
    } catch {}
  });
  const leave = () => {
    for (let bytes; (bytes = core.leaving()); ) {
      const events = core.handed(handOver(bytes));
      if (events && store) store.put(bytes, events);
    }
  };
  const store = openStore(hook);
  // Sends on what earlier pages put away: after the collector has taken one of ours, so that nothing
  // here retries, and while no other tab does it.
  let draining;
  const drain = async () => {
    if (draining || !store || !(draining = await store.lease())) return;
    core.lost_stored(store.lost(), 0, 0);
    for (let key; !hidden && !hook.stopped && store.isOurs() && (key = store.keys()[0]); ) {
      const { bytes, events, expired } = store.read(key);
      const [status] = expired ? [0] : await send(bytes);
      if (expired) core.lost_stored(0, events, 0);
      else if (!status || status >= 500 || status === 429 || status === 408) break;
      else if (status >= 400) core.lost_stored(0, 0, events);
      store.drop(key);
    }
    draining = store.giveBack();
  };
  const run = () => {
    if (hook.stopped) return;
    scheduled = false;
    clearTimeout(timer);
    const wait = core.run(now());
    if (hidden) leave();
    else {
      const bytes = core.next_beacon(now());
      if (bytes) {
        send(bytes).then(([status, retryAfter]) => {
          core.answered(status, retryAfter, now(), Math.random());
          if (hook.stopped) return;
          hook.wake();
          if (status && status < 300) drain();
        });
      }
    }
    if (wait >= 0) timer = setTimeout(run, wait);
    if (watching !== core.watching()) {
      watching = core.watching();
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
    if (hidden) {
      measured.leaving();
      core.hide(now());
    } else {
      if (store) store.takeBack();
      core.show(now());
    }
    run();
  };
  hook.mutations.disconnect();

  const measured = vitals(hook, note);
  const shown = ({ persisted, timeStamp }) => {
    if (!persisted) return;
    // A page restored from memory is a view of its own.
    hook.view = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join('');
    hook.seq = hook.rev = hook.reported = 0;
    begin(timeStamp);
    measured.restored(timeStamp);
    run();
  };
  addEventListener('pageshow', shown, true);
  hook.undo.push(() => removeEventListener('pageshow', shown, true));
  if (document.readyState !== 'complete') addEventListener('load', () => setTimeout(() => hook.wake && hook.wake()), { once: true });
  if (store && store.keys()[0]) core.distrust(now());
  // Hidden before we came: the hook has spoken of the page, the vitals are ours to tell.
  if (hidden && !document.prerendering) hook.lifecycle('hide');
  else run();
}
