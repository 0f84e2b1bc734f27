// How bodies come that the page reads piece by piece: counted in passing, never cloned, never held back. The
// page gets the very same pieces, ends and errors. Known are streams of answers the hook has seen; what reads a
// body unseen, as the clone of an answer does, is told by the browser's own entry.
import { hook, now, wrap } from './ground.js';

// By call: pieces, bytes, first, last, longest gap, whether they are pieces worth the name, how many more halves
// there are than one, and, of XMLHttpRequests, when the headers were there.
export const bodies = new Map();
const bodyOf = (id) => {
  if (!bodies.has(id)) bodies.set(id, { chunks: 0, bytes: 0, gap: 0 });
  return bodies.get(id);
};
const piece = (id, loaded) => {
  const body = bodyOf(id);
  const at = now();
  // Of two halves the one counts that is ahead.
  if (loaded <= body.bytes) return;
  if (body.chunks++) body.gap = Math.max(body.gap, at - body.last);
  else body.first = at;
  body.last = at;
  body.bytes = loaded;
};
const ended = (id, how) => hook.note('q', now(), id, how);

export const tapStreams = () => {
  hook.tap = (id, xhr) => {
    const body = bodyOf(id);
    xhr.addEventListener('readystatechange', () => {
      if (xhr.readyState === 2) body.headers = now();
    });
    xhr.addEventListener('progress', ({ loaded }) => {
      // One delivery may be told in several.
      if (now() - body.last > 100) body.streamed = 1;
      piece(id, loaded);
    });
  };
  hook.undo.push(() => {
    hook.tap = null;
  });

  // Of streams and their readers the call whose body they bring, and how far they have come.
  const sources = new WeakMap();
  const counted = (source, read) =>
    read.then(
      (result) => {
        if (result.done) ended(source.id, 'load');
        else piece(source.id, (source.bytes += result.value.byteLength));
        return result;
      },
      (error) => {
        ended(source.id, error?.name);
        throw error;
      },
    );
  // Whoever begins to read says so; then the browser's own entry does not end the call.
  const streamed = ({ id }) => {
    bodyOf(id).streamed = 1;
  };
  // What is made of a body, or done with it, is known by the same call.
  const follow = (owner, name, act, begin = streamed) => owner?.[name] && wrap(owner, name, (theirs) => function (...given) {
    const source = !hook.stopped && sources.get(this);
    if (source) begin(source);
    return source ? act(source, theirs, this, given) : theirs.apply(this, given);
  });
  const { prototype } = ReadableStream;
  const readers = ['Default', 'BYOB'].map((kind) => self['ReadableStream' + kind + 'Reader']?.prototype);
  follow(prototype, 'getReader', (source, theirs, stream, given) => {
    const made = theirs.apply(stream, given);
    sources.set(made, source);
    return made;
  });
  const cancelled = ({ id }) => {
    // One of two halves: the other goes on.
    if (bodyOf(id).halves) bodyOf(id).halves--;
    else ended(id, 'abort');
  };
  for (const reader of readers) follow(reader, 'read', (source, theirs, from, given) => counted(source, theirs.apply(from, given)));
  for (const owner of [prototype, ...readers]) {
    follow(owner, 'cancel', (source, theirs, from, given) => {
      cancelled(source);
      return theirs.apply(from, given);
    });
  }
  for (const name of ['values', Symbol.asyncIterator]) {
    follow(prototype, name, (source, theirs, stream, given) => {
      const iterator = theirs.apply(stream, given);
      const { next, return: leave } = iterator;
      iterator.next = () => counted(source, next.call(iterator));
      iterator.return = (value) => {
        cancelled(source);
        return leave.call(iterator, value);
      };
      return iterator;
    });
  }
  const quietly = () => {};
  follow(prototype, 'tee', ({ id, bytes }, theirs, stream) => {
    const halves = theirs.call(stream);
    bodyOf(id).halves = (bodyOf(id).halves || 0) + 1;
    halves.map((half) => sources.set(half, { id, bytes }));
    return halves;
  }, quietly);
  // The pieces pass through a stream that only counts them, unless the page wants this one back.
  const pipe = prototype.pipeTo;
  for (const name of ['pipeTo', 'pipeThrough']) {
    follow(prototype, name, (source, theirs, stream, given) => {
      const [target, options] = given;
      if (options?.preventCancel || stream.locked || (target?.writable || target)?.locked !== false) return theirs.apply(stream, given);
      const counter = new TransformStream({
        transform(chunk, controller) {
          piece(source.id, (source.bytes += chunk.byteLength));
          controller.enqueue(chunk);
        },
      });
      const result = theirs.call(counter.readable, target, options);
      streamed(source);
      // What is no fault of the network was the page's will.
      const done = pipe.call(stream, counter.writable).then(
        () => ended(source.id, 'load'),
        (error) => ended(source.id, error?.name === 'TypeError' ? 'error' : 'abort'),
      );
      // By then the body is free, as without us.
      return result.finally ? result.finally(() => done) : result;
    }, quietly);
  }

  const answers = Response.prototype;
  const current = () => Object.getOwnPropertyDescriptor(answers, 'body');
  const put = (property) => Object.defineProperty(answers, 'body', property);
  const body = current();
  const ours = {
    ...body,
    get() {
      const stream = body.get.call(this);
      const id = hook.answers.get(this);
      if (stream && id && !sources.has(stream)) sources.set(stream, { id, bytes: 0 });
      return stream;
    },
  };
  put(ours);
  hook.undo.push(() => current().get === ours.get && put(body));
};
