// Objectives on the first screen: per pair what users have beside what servers say, the state in words,
// what is left of the budget, and the gap. What is wrong with the files stands above.

import { h } from './dom.js';
import { count, percent, plural } from './format.js';

const STATES = {
  healthy: ['healthy', 'good'], at_risk: ['at risk', 'warn'], violated: ['violated', 'bad'],
  budget_spent: ['budget spent', 'warn'], no_data: ['no data', 'quiet'],
};

export function objectives(slos) {
  const all = slos.objectives;
  if (all.length === 0 && !slos.refused) return null;
  const of = (role) => all.filter((objective) => objective.role === role);
  const alerting = of('alerting');
  return h('section', { 'aria-label': 'Objectives' },
    h('h2', {}, 'Objectives', h('small', {}, summary(alerting))),
    refused(slos.refused),
    h('div', { class: 'objectives' }, alerting.map(row)),
    rest('Aspirational, never paging', of('aspirational')),
    rest('The servers\u2019 own', of('compared')));
}

function summary(alerting) {
  const healthy = alerting.filter((objective) => objective.state === 'healthy').length;
  const told = alerting.filter((objective) => objective.tells).length;
  const burning = told > 0 ? ` · ${plural(told, 'alert')} burning` : '';
  return `${healthy} of ${plural(alerting.length, 'objective')} healthy${burning}`;
}

function refused(refusal) {
  if (!refusal) return null;
  return h('div', { class: 'caution', role: 'alert' },
    h('p', {}, `The objective files as they are now are refused (${plural(refusal.problems.length, 'problem')}); the last good ones stay in force.`),
    h('ul', { class: 'steps' }, refusal.problems.map((problem) => h('li', {},
      h('code', {}, `${problem.file}:${problem.line}`),
      ` ${problem.field ? `${problem.field}: ` : ''}${problem.what}; ${problem.right}`))));
}

function row(objective) {
  return h('details', { class: 'objective' },
    h('summary', {},
      h('span', { class: 'title' }, objective.title,
        objective.approximate ? h('span', { class: 'tag', title: objective.approximate }, 'approximate') : null),
      state(objective.state, objective.tells),
      side('users', objective.sli_ppm, `${count(objective.counts.good)} of ${count(objective.counts.good + objective.counts.bad)}`),
      objective.twin ? twin(objective.twin) : h('span', { class: 'server-side none' }, 'no twin'),
      gap(objective.twin),
      budget(objective)),
    h('ul', { class: 'steps' }, objective.words.map((line) => h('li', {}, line)),
      objective.no_data ? h('li', {}, `No data: ${objective.no_data}.`) : null,
      objective.twin?.no_data ? h('li', {}, `Servers: ${objective.twin.no_data}.`) : null,
      h('li', {}, h('code', {}, `${objective.file}:${objective.line}`))));
}

function state(name, tells) {
  const [words, tone] = STATES[name];
  return h('span', { class: `state ${tone}` }, words, tells ? ' · burning' : null);
}

function side(who, ppm, of) {
  return h('span', { class: `value ${ppm === null ? 'none' : ''}`, title: of }, h('small', {}, who), fine(ppm));
}

function twin(server) {
  return h('span', { class: `value server-side ${server.sli_ppm === null ? 'none' : ''}`,
    title: server.approximate ?? `${count(server.good)} of ${count(server.good + server.bad)}` },
  h('small', {}, 'servers', server.approximate ? ' ≈' : ''), fine(server.sli_ppm));
}

// Two decimals where they matter: rounded down, so that only a full million shows as 100%.
function fine(ppm) {
  if (ppm === null || ppm === 1_000_000 || ppm < 990_000) return percent(ppm);
  return `${(Math.floor(ppm / 100) / 100).toFixed(2)}%`;
}

function gap(server) {
  if (!server || server.gap_ppm === null) return h('span', { class: 'none' });
  const points = server.gap_ppm / 10_000;
  if (points < 2) return h('span', {}, h('span', { class: 'gap even' }, points <= -2 ? 'servers worse' : 'agree'));
  return h('span', {}, h('span', { class: `gap ${points >= 10 ? 'wide' : 'some'}` }, `users ${points.toFixed(1)} points worse`));
}

function budget({ budget: { remaining_ppm: left }, target_ppm: target, window_words: over }) {
  const share = Math.max(0, Math.min(1, (left ?? 0) / 1_000_000));
  const tone = left === null ? 'quiet' : left <= 0 ? 'bad' : left <= 100_000 ? 'warn' : 'good';
  const text = left === null ? 'no data' : left < 0 ? `overspent by ${Math.floor(-left / 10_000)}%` : `${Math.floor(left / 10_000)}% of the budget left`;
  return h('span', { class: 'budget', title: `target ${fine(target)}, ${over}` },
    h('span', { class: 'meter' }, h('span', { class: tone, style: { width: `${100 * share}%` } })), h('small', {}, text));
}

function rest(title, group) {
  if (group.length === 0) return null;
  return h('details', {}, h('summary', {}, `${title}: ${group.length}`), h('div', { class: 'objectives' }, group.map(row)));
}
