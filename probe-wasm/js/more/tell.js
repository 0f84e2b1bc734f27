// What the instruments share: how an event is told and told again, how a function of the browser's is
// listened in on, and what of an address may be said. It knows no instrument.

// What goes wrong in here stays in here: a measurement is lost, the page and the shell go on.
export const guard = (work) => (...given) => {
  try {
    return work(...given);
  } catch {}
};

// Tells one event: first as a fact, then, whenever its fields have changed, as its next revision.
export const teller = (shell, kind) => {
  let view, n, said;
  return (at, ...fields) => {
    const text = fields.join('\n');
    // A view restored from memory numbers its events anew.
    if (view !== shell.hook.view) n = 0;
    else if (text === said) return;
    view = shell.hook.view;
    said = text;
    if (n) shell.revise(n, kind, at, 0, ...fields);
    else n = shell.fact(kind, at, 0, ...fields);
  };
};

// Puts ours in the place of theirs, until stopped. Who wrapped it after us keeps ours, which then only
// passes on.
export const wrap = ({ hook }, owner, name, make) => {
  const theirs = owner[name];
  const inherited = !Object.prototype.hasOwnProperty.call(owner, name);
  const ours = (owner[name] = make(theirs));
  hook.undo.push(() => {
    if (owner[name] !== ours) return;
    if (inherited) delete owner[name];
    else owner[name] = theirs;
  });
};

// Calls `tell(this, arguments)` after a function of the browser's has done its work.
export const after = (shell, owner, name, tell) =>
  wrap(shell, owner, name, (theirs) => function () {
    const result = theirs.apply(this, arguments);
    if (!shell.hook.stopped) guard(tell)(this, arguments);
    return result;
  });

export const later = ({ hook }, wait, work) => setTimeout(() => hook.stopped || guard(work)(), wait);

// Only the web has addresses to tell: data and blobs are contents, extensions are the user's own.
export const address = (shell, url) => (/^http/.test(url) ? shell.address(url) : '');
