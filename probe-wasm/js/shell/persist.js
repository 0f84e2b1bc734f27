// Beacons that may not have arrived when their page went away are kept in localStorage for the next page
// of the origin: one entry each, so that no tab overwrites another's. Only the tab that holds the lease
// sends them on. Knows no network and no event: bytes come and go with a number of events.
import { wasm } from './wasm.js';
import { config, guarded, hook, storage } from './ground.js';

const LIMIT = 250000;
const KEPT_MS = 72 * 3600 * 1000;
const LEASE_MS = 15000;
// Until a lease taken at the same moment by another process is seen.
const SETTLE_MS = 250;
// In the order of `beacon::DropReason`.
const QUEUE_FULL = 1;
const REFUSED = 2;
const EXPIRED = 3;

const toBytes = guarded((text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
const eventsOf = (key) => +key.split('.').pop() || 0;

// Nothing where nothing can be kept.
export const openStore = () => {
  const kept = storage('localStorage');
  if (!kept) return;
  const { view } = hook;
  const prefix = 'sightline.' + config.app + '.';
  const lease = prefix + 'lease';
  const lost = prefix + 'lost';
  // Oldest first: the rest of a key begins with the time, which has thirteen digits, and ends with a number of events,
  // which is never 0.
  const keys = () => Object.keys(kept).filter((key) => key.startsWith(prefix) && eventsOf(key)).sort();
  const drop = (key) => kept.removeItem(key);
  const lostBefore = () => +kept.getItem(lost) || 0;
  const mine = [];

  const holder = () => {
    const [name, until] = (kept.getItem(lease) || '').split(' ');
    const rest = until - Date.now();
    // An end too far away is that of a clock which has been set back.
    return rest > 0 && rest <= LEASE_MS ? name : '';
  };
  // Takes or renews the lease, unless another tab has it.
  const isOurs = guarded(() => {
    if ((holder() || view) !== view) return;
    kept.setItem(lease, view + ' ' + (Date.now() + LEASE_MS));
    return 1;
  });
  let draining;

  return {
    keys,
    // Makes room by giving up the oldest; how many events that cost is noted for the next page.
    put(bytes, events) {
      const text = btoa(String.fromCharCode(...bytes));
      const others = keys();
      const key = prefix + Date.now() + '.' + view + mine.length + '.' + events;
      let size = others.reduce((sum, other) => sum + kept.getItem(other).length, text.length);
      let given = 0;
      for (;;) {
        try {
          if (size > LIMIT) throw 0;
          kept.setItem(key, text);
          mine.push(key);
          break;
        } catch {
          // Ours, or the browser's own limit, to which the page's own data counts.
          const oldest = others.shift();
          given += eventsOf(oldest || key);
          if (!oldest) break;
          size -= kept.getItem(oldest).length;
          drop(oldest);
        }
      }
      guarded(() => given && kept.setItem(lost, lostBefore() + given))();
    },
    // The page lives on and has them still.
    takeBack() {
      mine.splice(0).forEach(drop);
    },
    // Sends on what earlier pages put away, while no other tab does it; nothing here retries.
    async drain(send, goesOn) {
      if (draining || !(keys()[0] || lostBefore()) || !isOurs()) return;
      draining = 1;
      await new Promise((settled) => setTimeout(settled, SETTLE_MS));
      if (isOurs()) {
        // How many events were given up for want of room, once.
        wasm.dropped(QUEUE_FULL, lostBefore());
        drop(lost);
      }
      for (let key; goesOn() && isOurs() && (key = keys()[0]); drop(key)) {
        const expired = Date.now() - key.slice(prefix.length).split('.')[0] > KEPT_MS;
        // What is none of ours the collector refuses, and it is counted.
        const [status] = expired ? [0] : await send(toBytes(kept.getItem(key)) || new Uint8Array(32));
        if (expired) wasm.dropped(EXPIRED, eventsOf(key));
        else if (!status || status >= 500 || status === 429 || status === 408) break;
        else if (status >= 400) wasm.dropped(REFUSED, eventsOf(key));
      }
      if (holder() === view) drop(lease);
      draining = 0;
    },
    forget() {
      [...keys(), lost, lease].forEach(drop);
    },
  };
};
