// Renders the page of one view, or with `finding` as second argument what is found, as lines of text: its
// JSON on standard input, the dashboard's folder as argument. A document of ten lines is enough for it, since the page only makes elements and texts.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const BLOCKS = new Set(['h2', 'p', 'tr', 'li', 'summary', 'pre', 'ul']);

class Element {
  constructor(tag) {
    this.tag = tag;
    this.children = [];
    this.style = {};
  }
  setAttribute() {}
  append(...children) {
    this.children.push(...children);
  }
  get text() {
    const inside = this.children.map((child) => child.text ?? String(child)).join('');
    if (BLOCKS.has(this.tag)) return `\n${inside}\n`;
    if (this.tag === 'dd') return `${inside}\n`;
    return this.tag === 'td' || this.tag === 'dt' ? `${inside} | ` : inside;
  }
}

globalThis.document = { createElement: (tag) => new Element(tag) };
const script = (name) => import(new URL(name, `${pathToFileURL(process.argv[2])}/`));
const view = JSON.parse(readFileSync(0, 'utf8'));
if (process.argv[3] === 'finding') {
  const { findings } = await script('finding.js');
  console.log(findings(view)?.text ?? 'nothing found');
  process.exit(0);
}
const { viewDetail, viewList } = await script('views.js');
const detail = viewDetail(view);
// What is shown as stored would hold every text there is.
detail.children.pop();
const list = viewList({ views: [view], truncated: false }, new URLSearchParams());
console.log(`${detail.text}\nlisted: ${list.text.replaceAll('\n', ' ')}`);
