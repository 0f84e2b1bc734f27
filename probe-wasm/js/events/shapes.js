// Shapes of postcard (https://postcard.jamesmunns.com/wire-format): bytes enter and leave, plain values leave and enter.
// Knows no event.
//
// Each shape reads a value from a reader and writes what a callback made of it. What is missing is written as
// empty, numbers are clamped and texts cut to what the wire allows; what cannot be written throws.
export const whole = (most) => ({
  read: (from) => from.varint(),
  write: (to, value) => to.varint(clamp(value, 0, most)),
});
// Zigzag: the sign is the last bit. Beyond 2^52 it would not be exact, and nothing of ours gets there.
export const signed = (most) => ({
  read(from) {
    const value = from.varint();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  },
  write(to, value) {
    const given = clamp(value, -most, most);
    to.varint(given < 0 ? -2 * given - 1 : 2 * given);
  },
});
const clamp = (value, least, most) => Math.min(Math.max(Math.round(Number(value) || 0), least), most);
export const u32 = whole(2 ** 32 - 1);
export const u16 = whole(2 ** 16 - 1);
export const u8 = {
  read: (from) => from.take(1)[0],
  write: (to, value) => to.push(clamp(value, 0, 255)),
};
export const bool = {
  read: (from) => u8.read(from) === 1,
  write: (to, value) => to.push(value ? 1 : 0),
};
export const text = (limit) => ({
  read: (from) => new TextDecoder().decode(from.take(from.varint())),
  write(to, value) {
    const room = new Uint8Array(limit);
    // Writes whole characters only, as many as there is room for.
    const { written } = new TextEncoder().encodeInto(String(value ?? ''), room);
    to.varint(written);
    to.push(...room.subarray(0, written));
  },
});
export const hex = (bytes) => ({
  read: (from) => Array.from(from.take(bytes), (byte) => byte.toString(16).padStart(2, '0')).join(''),
  write(to, value) {
    if (!RegExp(`^[0-9a-f]{${2 * bytes}}$`).test(value)) throw new Error(`not ${2 * bytes} hex digits: ${value}`);
    to.push(...value.match(/../g).map((pair) => parseInt(pair, 16)));
  },
});
export const option = (inner) => ({
  read: (from) => (u8.read(from) ? inner.read(from) : null),
  write(to, value) {
    to.push(value == null ? 0 : 1);
    if (value != null) inner.write(to, value);
  },
});
export const list = (inner, most) => ({
  read: (from) => Array.from({ length: from.length() }, () => inner.read(from)),
  write(to, value) {
    const items = (value || []).slice(0, most);
    to.varint(items.length);
    for (const item of items) inner.write(to, item);
  },
});
export const pair = (left, right) => ({
  read: (from) => [left.read(from), right.read(from)],
  write(to, value) {
    left.write(to, value[0]);
    right.write(to, value[1]);
  },
});
export const struct = (fields) => ({
  read: (from) => Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, shape.read(from)])),
  write(to, value) {
    for (const [name, shape] of Object.entries(fields)) shape.write(to, value[name]);
  },
});
// As in JSON: a variant without content is its name, one with content an object of one key.
export const oneOf = (names, contents = {}) => {
  const variants = names.split(' ');
  return {
    read(from) {
      const name = variants[from.varint()];
      if (!name) throw new Error(`none of ${names}`);
      return contents[name] ? { [name]: contents[name].read(from) } : name;
    },
    write(to, value) {
      const name = value && typeof value === 'object' ? Object.keys(value)[0] : value;
      const tag = variants.indexOf(name);
      if (tag < 0) throw new Error(`${name} is none of ${names}`);
      to.varint(tag);
      if (contents[name]) contents[name].write(to, value[name]);
    },
  };
};

// --- Bytes.
export const reader = (bytes) => {
  let at = 0;
  const take = (count) => {
    if (at + count > bytes.length) throw new Error('the bytes end early');
    return bytes.subarray(at, (at += count));
  };
  const varint = () => {
    // No shifts: they end at 32 bits.
    for (let value = 0, scale = 1; ; scale *= 128) {
      const [byte] = take(1);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  return {
    take,
    varint,
    // Every item has a byte at least.
    length() {
      const count = varint();
      if (count > bytes.length - at) throw new Error('the bytes end early');
      return count;
    },
    left: () => bytes.length - at,
  };
};
export const writer = () => {
  const bytes = [];
  return {
    push: (...more) => bytes.push(...more),
    varint(value) {
      for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
      bytes.push(value);
    },
    done: () => Uint8Array.from(bytes),
  };
};
