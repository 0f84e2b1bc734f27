// Starts the wasm core and decides when it runs: in idle batches, at its own deadlines, around the
// paint of frames it waits for, and at once when the page is hidden. What the core means by any of
// this is its own affair.
import { readField } from './body.js';
import init, * as core from './glue.js';
import { handOver, send } from './transport.js';
import { vitals } from './vitals.js';

// The configuration as lines of tab-separated fields; their meaning is in src/config.rs.
const lines = ({ mount, release, backendOrigin, expectedBackendOrigins, requests, journeys }) =>
  [
    ['a', mount || 'body', release, backendOrigin],
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
  await init({ module_or_path: answer });
  if (!core.begin(hook, base, lines(hook.config), -1)) throw new Error('no early hook');

  const now = () => performance.now();
  const note = (...tuple) => {
    hook.queue.push(tuple);
    hook.wake();
  };
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
    for (let bytes; (bytes = core.leaving()); ) core.handed(handOver(hook.endpoint, bytes));
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
    if (hidden) {
      measured.leaving();
      core.hide(now());
    } else core.show(now());
    run();
  };
  hook.mutations.disconnect();

  const measured = vitals(hook, note);
  addEventListener('pageshow', ({ persisted, timeStamp }) => {
    if (!persisted) return;
    // A page restored from memory is a view of its own.
    hook.view = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join('');
    hook.seq = hook.rev = hook.reported = 0;
    core.begin(hook, base, lines(hook.config), timeStamp);
    measured.restored(timeStamp);
    run();
  }, true);
  if (document.readyState !== 'complete') addEventListener('load', () => setTimeout(hook.wake), { once: true });
  // Hidden before we came: the hook has spoken of the page, the vitals are ours to tell.
  if (hidden && !document.prerendering) hook.lifecycle('hide');
  else run();
}
