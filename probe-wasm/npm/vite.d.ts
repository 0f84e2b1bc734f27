import type { SightlineOptions } from './index.js';

/** Puts the early hook first in `<head>` and ships the core with the bundle. Throws when the options cannot work. */
export default function sightline(options: SightlineOptions): {
  name: string;
  enforce: 'post';
};
