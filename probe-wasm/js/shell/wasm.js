// The core's doors, once it is there. It asks for nothing: whatever it learns it is told, and what it has to
// say it leaves in its memory.
export let wasm;

export const instantiate = (module) => {
  wasm = new WebAssembly.Instance(module).exports;
};
