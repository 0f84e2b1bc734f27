// The visit and what heads each beacon: the tab's memory of session and last view, whether this session's
// details were drawn, what the application says of the visit. The times of a visit are src/session.rs's to judge.
import { wasm } from './wasm.js';
import { config, cut, fromHex, guarded, hex, hook, lend, navigation, storage } from './ground.js';
import { route } from './page.js';

const KEY = 'sightline';
const KINDS = ['navigate', 'reload', 'back_forward', 'back_forward_cache', 'prerender'];
const seconds = () => Math.floor(Date.now() / 1000);

// [session, since, active], and the view before with its last beacon.
let visit;
let previous;
let sessions;
let remembered;
let kind;
export const attributes = new Map();

const begin = () => {
  // A session borrows its bits from the random view in which it begins, which may see several.
  visit = [hex(fromHex(hook.view.slice(0, 16)).map((byte) => byte ^ sessions)), seconds(), seconds()];
};
// The user shows a sign of life. The new id of a visit that begins in the midst of a view goes with its next beacon.
export const userIsThere = () => {
  if (!visit) return;
  if (wasm.visit(visit[1], visit[2], seconds()) !== visit[1]) {
    sessions++;
    begin();
  }
  visit[2] = seconds();
};

export const openVisit = (restored) => {
  const { activationStart, type } = navigation();
  kind = restored ? 3 : document.prerendering || activationStart > 0 ? 4 : Math.max(0, KINDS.indexOf(type));
  sessions = 0;
  remembered = visit = previous = 0;
  const kept = storage('sessionStorage');
  if (!kept) return;
  begin();
  const [, session, since, active, view, seq] = /^([\da-f]{16})\.(\d+)\.(\d+)\.([\da-f]{32})\.(\d+)$/.exec(kept[KEY]) || [];
  if (!view) return;
  if (wasm.visit(since, active, visit[1]) === +since) visit = [session, +since, visit[1]];
  if (view !== hook.view) previous = [1, fromHex(view), +seq];
};
// As the `web-vitals` library names it.
export const navigationType = () => KINDS[kind].replace(/_/g, '-');

// Tells the tab's next view how far this one came. While something is still to be said one more beacon is
// owed: should the page crash now, the next view's word shows that it is missing.
export const remember = guarded((beacons) => {
  const kept = visit && beacons && [...visit, hook.view, beacons - 1].join('.');
  // A full or forbidden storage costs the next view its reference to this one.
  if (kept && kept !== remembered) storage('sessionStorage')[KEY] = remembered = kept;
});
export const forgetVisit = () => sessionStorage.removeItem(KEY);

// Whether the details of this session leave, 0, were not drawn, or are refused: the same for all of it, and for one
// view where none is kept.
export const detail = () => hook.gpc ? 2 : +(parseInt((visit ? visit[0] : hook.view).slice(0, 8), 16) >= (config.sampleDetail ?? 1) * 2 ** 32);

// Lends what stands in `beacon::Head`, cut as `Queue::seal` wants it; returns [start of the tail, length].
export const lendHead = () => {
  const tail = lend([
    fromHex(hook.view),
    visit ? [1, fromHex(visit[0])] : 0,
    Date.now(),
    // The core is loaded.
    0, detail(),
    route(), cut(config.release), cut(hook.deployment()), cut(location.origin, 256), cut(config.backendOrigin, 256), kind,
    previous,
  ]);
  const given = detail() ? [] : [...attributes];
  return [tail, lend([given.length, ...given.flat()], tail)];
};
