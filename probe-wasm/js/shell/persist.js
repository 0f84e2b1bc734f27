// Beacons that may not have arrived when their page went away are kept in localStorage for the next page
// of the origin: one entry each, so that no tab overwrites another's. Only the tab that holds the lease
// sends them on. Knows no network and no event: bytes come and go with a number of events.
const LIMIT = 250000;
const KEPT_MS = 72 * 3600 * 1000;
const LEASE_MS = 15000;
// Until a lease taken at the same moment by another process is seen.
const SETTLE_MS = 250;

const toText = (bytes) => btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
const toBytes = (text) => {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    // Not ours: the collector refuses it, and it is counted.
    return new Uint8Array(32);
  }
};
const eventsOf = (key) => +key.split('.').pop() || 0;

// Null where nothing may be kept, or where the browser keeps nothing.
export const openStore = ({ view, config, gpc }) => {
  let storage;
  try {
    storage = config.storage !== 'none' && !gpc && localStorage;
  } catch {}
  if (!storage) return null;
  const prefix = 'sightline.' + config.app + '.';
  const lease = prefix + 'lease';
  const lost = prefix + 'lost';
  // Oldest first: the rest of a key begins with the time, which has thirteen digits.
  const keys = () => Object.keys(storage).filter((key) => key.startsWith(prefix) && /^\d/.test(key.slice(prefix.length))).sort();
  const drop = (key) => storage.removeItem(key);
  const mine = [];

  const holder = () => {
    const [name, until] = (storage.getItem(lease) || '').split(' ');
    const rest = until - Date.now();
    // An end too far away is that of a clock which has been set back.
    return rest > 0 && rest <= LEASE_MS ? name : '';
  };

  const store = {
    // Makes room by giving up the oldest; how many events that cost is noted for the next page.
    put(bytes, events) {
      const text = toText(bytes);
      const others = keys();
      const key = prefix + Date.now() + '.' + view + mine.length + '.' + events;
      let size = others.reduce((sum, other) => sum + storage.getItem(other).length, text.length);
      let given = 0;
      for (;;) {
        try {
          if (size > LIMIT) throw 0;
          storage.setItem(key, text);
          mine.push(key);
          break;
        } catch {
          // Ours, or the browser's own limit, to which the page's own data counts.
          const oldest = others.shift();
          given += eventsOf(oldest || key);
          if (!oldest) break;
          size -= storage.getItem(oldest).length;
          drop(oldest);
        }
      }
      try {
        if (given) storage.setItem(lost, (+storage.getItem(lost) || 0) + given);
      } catch {}
    },
    // The page lives on and has them still.
    takeBack() {
      mine.splice(0).forEach(drop);
    },
    keys,
    // Whether there is something to send on, and it is ours to do so.
    lease() {
      if (!keys()[0] && !storage.getItem(lost)) return false;
      return store.isOurs() && new Promise((tell) => setTimeout(() => tell(store.isOurs()), SETTLE_MS));
    },
    // How many events were given up for want of room, once.
    lost() {
      const given = +storage.getItem(lost) || 0;
      drop(lost);
      return given;
    },
    // Takes or renews the lease, unless another tab has it.
    isOurs() {
      const name = holder();
      if (name && name !== view) return false;
      try {
        storage.setItem(lease, view + ' ' + (Date.now() + LEASE_MS));
        return true;
      } catch {
        return false;
      }
    },
    read: (key) => ({
      bytes: toBytes(storage.getItem(key)),
      events: eventsOf(key),
      expired: Date.now() - key.slice(prefix.length).split('.')[0] > KEPT_MS,
    }),
    drop,
    giveBack() {
      if (holder() === view) drop(lease);
    },
    forget() {
      [...keys(), lost, lease].forEach(drop);
    },
  };
  return store;
};
