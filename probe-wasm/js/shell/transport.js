// Bytes leave for the collector: by fetch with keepalive while the page lives, by sendBeacon when it is
// being hidden. No header is set and the body has no type, so no preflight is made. The time of sending
// within them is renewed, because the collector reckons the time of each event from it.
import { config, guarded, hook } from './ground.js';

// What the browser grants all keepalive requests of a page together, in bytes.
const KEEPALIVE = 65536;
// A collector that failed so often in a row is left for the other, if there is one.
const PATIENCE = 2;

// It comes after the version, the view, the number and the session, if there is one, and has six bytes until
// the year 2109: see beacon/tests/renewing.rs.
const renewed = (bytes) => {
  let at = 17;
  while (bytes[at++] & 128);
  at += bytes[at] ? 9 : 1;
  for (let rest = Date.now(), last = at + 5; at <= last; rest = Math.floor(rest / 128)) bytes[at] = rest % 128 | (at++ < last && 128);
  return bytes;
};

// `cost` counts what was sent: beacons, bytes, and what failed, at its places in core.js.
export const openTransport = (cost) => {
  const ready = (bytes) => {
    cost[3]++;
    cost[4] += bytes.length;
    return renewed(bytes);
  };
  const endpoints = [hook.endpoint];
  if (config.fallbackCollector) endpoints.push(config.fallbackCollector.replace(/\/?$/, '/v1/beacons/') + config.app);
  let current = 0;
  let failures = 0;
  let flying = 0;
  return {
    // Resolves to [HTTP status or 0, milliseconds of Retry-After or 0]; never rejects.
    send(body) {
      const size = body.length;
      flying += size;
      return hook.fetch(endpoints[current], { method: 'POST', body: ready(body), keepalive: flying <= KEEPALIVE && !failures, credentials: 'omit' })
        .then(
          (answer) => {
            const said = [answer.status, 1000 * answer.headers.get('retry-after') || 0];
            // An unread body holds the browser's keepalive quota.
            return answer.arrayBuffer().then(
              () => said,
              () => said,
            );
          },
          () => [0, 0],
        )
        .then((said) => {
          flying -= size;
          failures = said[0] && said[0] < 500 ? 0 : failures + 1;
          if (failures) cost[6]++;
          if (failures >= PATIENCE) current = (current + 1) % endpoints.length;
          return said;
        });
    },
    // Whether the browser took it.
    handOver: guarded((body) => navigator.sendBeacon(endpoints[current], ready(body))),
  };
};
