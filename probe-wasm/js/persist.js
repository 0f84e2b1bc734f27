// Beacons that may not have arrived when their page went away are kept in localStorage for the next page
// of the origin: one entry each, so that no tab overwrites another's. Only the tab that holds the lease
// sends them on. Knows no network and no event: bytes come and go with a number of events.
const LIMIT = 250000;
const LEASE_MS = 15000;
// Until a lease taken at the same moment by another process is seen.
const SETTLE_MS = 250;

const toText = (bytes) => btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
const toBytes = (text) => {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return Uint8Array.of(0);
  }
};
const eventsOf = (key) => +key.split('.').pop() || 0;

// Null where nothing may be kept, or where the browser keeps nothing.
export const openStore = ({ view, config }) => {
  let storage;
  try {
    storage = localStorage;
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
    // Once the lease is ours, tells what there is to send on and how many events were given up.
    lend(tell) {
      if (!keys()[0] && !storage.getItem(lost)) return;
      const again = () => (store.timer = setTimeout(store.lend, LEASE_MS, tell));
      if (!store.isOurs()) return again();
      store.timer = setTimeout(() => {
        if (holder() !== view) return again();
        const given = +storage.getItem(lost) || 0;
        drop(lost);
        tell(keys(), given);
      }, SETTLE_MS);
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
    // The bytes under a key and their number of events; none when another tab has sent them.
    read(key) {
      const text = storage.getItem(key);
      return text === null ? [new Uint8Array(), 0] : [toBytes(text), eventsOf(key)];
    },
    drop,
    giveBack() {
      clearTimeout(store.timer);
      if (holder() === view) drop(lease);
    },
    forget() {
      Object.keys(storage).filter((key) => key.startsWith(prefix)).forEach(drop);
    },
  };
  return store;
};
