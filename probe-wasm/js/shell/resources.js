// What the page was made of: enter resource-timing entries and the tuples of failed resources, leave sums
// by kind and origin, and the slow and the failed ones singly. Calls of the application are requests and
// not looked at here; an image that is in no document fails unseen.
import { fact, teller } from './facts.js';
import { now, on } from './ground.js';
import { address } from './rules.js';

const SLOW_MS = 1000;
const PAIRS = 30;
const SINGLES = 20;
const singles = new Map();
// By kind and origin: [kind, origin, count, failed, cached, bytes, total, longest].
let sums = {};

const add = (kind, url, duration, ...more) => {
  let pair = [kind, new URL(url).origin];
  if (!sums[pair] && Object.keys(sums).length >= PAIRS) pair = ['other', ''];
  const sum = (sums[pair] = sums[pair] || [...pair, 0, 0, 0, 0, 0, 0]);
  [...more, duration].forEach((value, index) => (sum[index + 2] += value));
  sum[7] = Math.max(sum[7], duration);
};

const single = (failed, kind, url, at, entry) => {
  if (!singles.has(url)) {
    if (singles.size >= SINGLES) return;
    // One event per address: what is asked for again and again is told as it was last.
    singles.set(url, teller(11));
  }
  const { duration, requestStart, startTime, responseStart, transferSize, responseStatus, nextHopProtocol = '', renderBlockingStatus } = entry;
  singles.get(url)(
    at, failed, kind, address(url), duration, responseStart && responseStart - (requestStart || startTime),
    transferSize, responseStatus, nextHopProtocol, renderBlockingStatus === 'blocking',
  );
};

// An entry with a status has told of the failure; without one it looks like any other, or there is none.
export const broken = (at, url, kind) => {
  if (!/^http/.test(url)) return;
  const entry = performance.getEntriesByName(url).pop();
  if (entry?.responseStatus >= 400) return;
  add(kind, url, 0, !entry, 1, 0, 0);
  single(1, kind, url, at, entry || {});
};

export const tellResources = () => {
  for (const pair in sums) fact(10, now(), 0, ...sums[pair]);
  sums = {};
};

export const watchResources = () => {
  on('z', (_, entries) => {
    for (const entry of entries) {
      const { name, initiatorType, duration, transferSize = 0, decodedBodySize, deliveryType, responseStatus, startTime } = entry;
      if (!/^http/.test(name) || /^(fetch|xmlhttprequest|beacon)$/.test(initiatorType)) continue;
      const failed = responseStatus >= 400;
      add(initiatorType, name, duration, 1, failed, deliveryType === 'cache' || (!transferSize && decodedBodySize > 0), transferSize);
      if (failed || duration >= SLOW_MS) single(failed, initiatorType, name, startTime, entry);
    }
  });
  on('g', broken);
  on('s', (at, url) => broken(at, url, 'script'));
  on('leaving', tellResources);
};
