// Clicks of the user: enter the hook's click tuples and, for one second after a click on something that
// looks clickable, signs of life of the page; leave counts by element, rage and dead clicks. What an
// element says or holds is never read.
import { fact, teller } from './facts.js';
import { hook, later, listen, now, on } from './ground.js';
import { selector } from './selector.js';

const TARGETS = 10;
const KEPT = 50;
const DEAD = 0;
const RAGE = 1;
const WITHIN_MS = 1000;
const NEAR_PX = 30;
const CLICKABLE = 'a,button,input[type=button],input[type=submit],[role=button],[onclick]';
const FIELD = 'input,textarea,select,[contenteditable]';
const SIGNS = 'scroll submit reset invalid input change toggle play pause resize focusin';

export const watchClicks = () => {
  const selected = () => getSelection().type === 'Range';

  // --- Counts and rage, from what the hook noted.
  let count = 0;
  let targets = {};
  // The clicks on one place, each within a second of the one before; told when it rages and when it is over.
  let burst = {};
  const rage = () => burst.tell?.(burst.at, RAGE, selector(burst.element), burst.count);

  on('c', (at, element, trusted, x, y) => {
    if (!trusted) return;
    count++;
    const name = selector(element);
    if (targets[name] || Object.keys(targets).length < KEPT) targets[name] = (targets[name] || 0) + 1;

    if (!(at - burst.last <= WITHIN_MS && (element === burst.element || Math.hypot(x - burst.x, y - burst.y) <= NEAR_PX))) {
      rage();
      burst = { at, element, x, y, count: 0 };
    }
    burst.count++;
    // Three clicks on a text select its paragraph.
    if (!burst.tell && at - burst.before <= WITHIN_MS && !selected()) {
      burst.tell = teller(15);
      rage();
    }
    burst.before = burst.last;
    burst.last = at;
  });

  on('leaving', () => {
    rage();
    if (!count) return;
    const most = Object.entries(targets).sort((a, b) => b[1] - a[1]).slice(0, TARGETS);
    fact(14, now(), 0, count, most.length, ...most.flat());
    count = 0;
    targets = {};
  });

  // --- Dead clicks: heard here, since what a handler does at once must not be missed.
  let watch = 0;
  let timer;
  // A fragment that stays empty takes nobody anywhere.
  const here = () => location.href.replace(/#$/, '');
  const alive = ({ type, target, hashChange }) => {
    if (!hashChange && (type !== 'focusin' || target.matches(FIELD))) watch = 0;
  };
  const observer = new MutationObserver(alive);
  for (const type of SIGNS.split(' ')) listen(self, type, alive);
  // A navigation that has begun and waits for its answer.
  if (self.navigation) listen(self.navigation, 'navigate', alive);
  const rest = () => {
    const seen = watch;
    watch = 0;
    clearTimeout(timer);
    observer.disconnect();
    return seen;
  };
  hook.undo.push(rest);

  const verdict = () => {
    const { at, element, event, from, clicks } = rest();
    // A second in which the page stood still, or a dialog was open, says nothing.
    if (!at || now() - at > 1.5 * WITHIN_MS || !document.hasFocus() || here() !== from || selected()) return;
    if (hook.queue.some(([kind]) => kind === 'r')) return;
    // What a link does without a handler is the browser's: another page, a download, a mail.
    const link = element.closest('a[href]');
    if (!link || event.defaultPrevented || link.href.split('#')[0] === from.split('#')[0]) fact(15, at, 0, DEAD, selector(element), clicks);
  };

  listen(self, 'click', (event) => {
    const element = event.isTrusted && event.target.closest(CLICKABLE);
    if (watch && watch.element === element) return watch.clicks++;
    // Another click: whether the one before would have done something is not known any more.
    rest();
    if (!element || element.closest('label,summary')) return;
    watch = { at: now(), element, event, from: here(), clicks: 1 };
    observer.observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
    timer = later(WITHIN_MS, verdict);
  });
  // A beacon reports the click; it is no answer to it.
  on('r', (at, id, method, url, how) => {
    if (how !== 'b' && at >= watch.at) watch = 0;
  });
};
