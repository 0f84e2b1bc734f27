// What the page was made of: enter resource-timing entries and the tuples of failed resources, leave sums
// by kind and origin, and the slow and the failed ones singly. Calls of the application are requests and
// not looked at here; an image that is in no document fails unseen.
import { address, later, teller } from './tell.js';

export const resources = (shell) => {
  const SLOW_MS = 1000;
  const PAIRS = 30;
  const SINGLES = 20;
  const singles = new Map();
  // By kind and origin: [count, failed, cached, bytes, total, longest].
  let sums = {};

  const add = (kind, url, ...more) => {
    let pair = [kind, new URL(url).origin];
    if (!sums[pair] && Object.keys(sums).length >= PAIRS) pair = ['other', ''];
    const before = sums[pair] || [...pair, 0, 0, 0, 0, 0, 0];
    sums[pair] = before.map((value, index) => (index < 2 ? value : index < 7 ? value + more[index - 2] : Math.max(value, more[5])));
  };

  const single = (failed, kind, url, at, entry) => {
    if (!singles.has(url)) {
      if (singles.size >= SINGLES) return;
      // One event per address: what is asked for again and again is told as it was last.
      singles.set(url, teller(shell, 11));
    }
    const { duration = 0, requestStart, startTime, responseStart, transferSize = 0, responseStatus = 0, nextHopProtocol = '', renderBlockingStatus } = entry;
    singles.get(url)(
      at, failed, kind, address(shell, url), duration, responseStart ? responseStart - (requestStart || startTime) : 0,
      transferSize, responseStatus, nextHopProtocol, +(renderBlockingStatus === 'blocking'),
    );
  };

  shell.observe('resource', (entries) => {
    for (const entry of entries) {
      const { name, initiatorType, duration, transferSize = 0, decodedBodySize, deliveryType, responseStatus, startTime } = entry;
      if (!/^http/.test(name) || /^(fetch|xmlhttprequest|beacon)$/.test(initiatorType)) continue;
      const failed = +(responseStatus >= 400);
      add(initiatorType, name, 1, failed, +(deliveryType === 'cache' || (!transferSize && decodedBodySize > 0)), transferSize, duration, duration);
      if (failed || duration >= SLOW_MS) single(failed, initiatorType, name, startTime, entry);
    }
  }, { buffered: true });

  // An entry with a status has told of the failure; without one it looks like any other, or there is none.
  const broken = (at, url, kind) => {
    if (!/^http/.test(url)) return;
    const entry = performance.getEntriesByName(url).pop();
    if (entry && entry.responseStatus >= 400) return;
    add(kind, url, entry ? 0 : 1, 1, 0, 0, 0, 0);
    single(1, kind, url, at, entry || {});
  };
  shell.take('g', ([, at, url, tag]) => broken(at, url, tag.toLowerCase()));
  shell.take('s', ([, at, url]) => broken(at, url, 'script'));

  const flush = () => {
    for (const pair in sums) shell.fact(10, shell.now(), 0, ...sums[pair]);
    sums = {};
  };
  shell.on('leaving', flush);
  const [{ loadEventEnd } = {}] = performance.getEntriesByType('navigation');
  if (loadEventEnd) later(shell, loadEventEnd + 3000 - shell.now(), flush);
  else shell.listen(window, 'load', () => later(shell, 3000, flush));
};
