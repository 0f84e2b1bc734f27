// How bodies come that the page reads piece by piece: counted in passing, never cloned, never held back. The
// page gets the very same pieces, ends and errors. Known are streams of answers the hook has seen; pieces
// read by a BYOB reader are not counted, the browser's own entry then tells the end.
import { hook, now, wrap } from './ground.js';

// By call: pieces, bytes, first, last, longest gap, whether they are pieces worth the name, and, of
// XMLHttpRequests, when the headers were there.
export const bodies = new Map();
const bodyOf = (id) => {
  if (!bodies.has(id)) bodies.set(id, { chunks: 0, bytes: 0, gap: 0 });
  return bodies.get(id);
};
const piece = (id, size = 0) => {
  const body = bodyOf(id);
  const at = now();
  if (body.chunks++) body.gap = Math.max(body.gap, at - body.last);
  else body.first = at;
  body.last = at;
  body.bytes += size;
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
      piece(id, loaded - body.bytes);
    });
  };
  hook.undo.push(() => {
    hook.tap = null;
  });

  const ids = new WeakMap();
  // The call whose body this is, if it is about to be read piece by piece.
  const reads = (stream) => {
    const id = !hook.stopped && ids.get(stream);
    if (id) bodyOf(id).streamed = 1;
    return id;
  };
  const counted = (id, read) =>
    read.then(
      (result) => {
        if (result.done) ended(id, 'load');
        else piece(id, result.value.byteLength);
        return result;
      },
      (error) => {
        ended(id, error?.name);
        throw error;
      },
    );
  const { prototype } = ReadableStream;
  const reader = ReadableStreamDefaultReader.prototype;
  // What is made of a body, or done with it, is known by the same call.
  const follow = (owner, name, act) => owner[name] && wrap(owner, name, (theirs) => function (...given) {
    const id = reads(this);
    return id ? act(id, theirs, this, given) : theirs.apply(this, given);
  });
  follow(prototype, 'getReader', (id, theirs, stream, given) => {
    const made = theirs.apply(stream, given);
    ids.set(made, id);
    return made;
  });
  follow(reader, 'read', (id, theirs, from) => counted(id, theirs.call(from)));
  for (const owner of [prototype, reader]) {
    follow(owner, 'cancel', (id, theirs, from, given) => {
      ended(id, 'abort');
      return theirs.apply(from, given);
    });
  }
  for (const name of ['values', Symbol.asyncIterator]) {
    follow(prototype, name, (id, theirs, stream, given) => {
      const iterator = theirs.apply(stream, given);
      const { next, return: leave } = iterator;
      iterator.next = () => counted(id, next.call(iterator));
      iterator.return = (value) => {
        ended(id, 'abort');
        return leave.call(iterator, value);
      };
      return iterator;
    });
  }
  // Piped without options, the pieces pass through a stream that only counts them.
  const through = prototype.pipeThrough;
  for (const name of ['pipeTo', 'pipeThrough']) {
    follow(prototype, name, (id, theirs, stream, [target, ...options]) => {
      if (options[0] || stream.locked) return theirs.call(stream, target, ...options);
      const counter = new TransformStream({
        transform(chunk, controller) {
          piece(id, chunk.byteLength);
          controller.enqueue(chunk);
        },
        flush: () => ended(id, 'load'),
      });
      return theirs.call(through.call(stream, counter), target);
    });
  }

  const body = Object.getOwnPropertyDescriptor(Response.prototype, 'body');
  const ours = {
    ...body,
    get() {
      const stream = body.get.call(this);
      if (stream) ids.set(stream, hook.answers.get(this));
      return stream;
    },
  };
  Object.defineProperty(Response.prototype, 'body', ours);
  hook.undo.push(() => {
    if (Object.getOwnPropertyDescriptor(Response.prototype, 'body').get === ours.get) Object.defineProperty(Response.prototype, 'body', body);
  });
};
