// Builds elements. Values only ever become text or attributes, never markup: what the page shows was
// sent by anybody.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'style') Object.assign(element.style, value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export function table(heads, rows, empty) {
  if (rows.length === 0) return h('p', { class: 'empty' }, empty);
  return h('div', { class: 'scroll' }, h('table', {},
    h('thead', {}, h('tr', {}, heads.map(({ text, num }) => h('th', { class: num && 'num' }, text)))),
    h('tbody', {}, rows.map((cells) =>
      h('tr', {}, cells.map((cell, index) => h('td', { class: heads[index].num && 'num' }, cell))))),
  ));
}

// One bar of parts, drawn to scale; parts of size 0 are left out.
export function stacked(parts, label) {
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  const drawn = parts.filter((part) => part.count > 0).map((part) =>
    h('span', { class: `part ${part.tone}`, title: `${part.name}: ${part.count}`,
      style: { flexGrow: String(part.count) } }));
  return h('div', { class: 'stacked', role: 'img', 'aria-label': label }, total === 0 ? null : drawn);
}
