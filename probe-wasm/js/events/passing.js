// The way of events past the page's callbacks: those that wait in the core's memory to be sealed are taken back,
// each once, shown to the filter, and put back as it leaves them. What it withholds is counted.

/** Tag of `beacon::DropReason::Withheld`. */
const WITHHELD = 5;
const NOTHING = 2 ** 31 - 1;

/** Returns a function to be called before events are sealed; `due` says whether they are sealed right after. */
export const passing = ({ wasm, lent, bytesOf }, filter) => {
  let passed = 0;
  return (due) => {
    const length = wasm.open(NOTHING);
    const bytes = bytesOf(length);
    wasm.open(passed);
    while (passed < length) {
      const from = passed + 2;
      // Each has its length in front, in two bytes.
      passed = from + ((bytes[passed] & 127) | (bytes[passed + 1] << 7));
      const left = filter(bytes.slice(from, passed));
      if (left) {
        lent.set(left);
        wasm.put_back(left.length);
      } else wasm.dropped(WITHHELD, 1);
    }
    passed = due ? 0 : wasm.open(NOTHING);
  };
};
