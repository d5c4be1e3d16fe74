import test from 'ava';
import type { Comparison } from '../../src/report/comparison.js';
import { renderComparison } from '../../src/report/findings.js';
import { readRun } from '../../src/report/run-data.js';
import { runFolder } from './folders.js';

const comparison: Comparison = {
  headline: 'margin wins',
  sentences: [],
  pairs: [
    { strategy: 'margin', other: 'random', difference: 0.021, p: 0.0004, verdict: 'better' },
    { strategy: 'entropy', other: 'random', difference: -0.0004, p: 0.7, verdict: 'unclear' },
    { strategy: 'margin', other: 'entropy', difference: 0.018, p: null, verdict: 'unclear' },
  ],
  savings: [
    { strategy: 'margin', target: '90.0 %', labels: 60.4, saved: 39.6, low: 20.2, high: 59, reached: 3, seeds: 3 },
    { strategy: 'entropy', target: '90.0 %', labels: 120, saved: -20, low: null, high: null, reached: 1, seeds: 3 },
    { strategy: 'random', target: '95.0 %', labels: null, saved: null, low: null, high: null, reached: 0, seeds: 3 },
  ],
  winLoss: {
    strategies: ['random', 'margin', 'entropy'],
    wins: [
      [0, 0, 1],
      [4, 0, 2],
      [1, 1, 0],
    ],
    comparisons: 5,
  },
};

const run = await readRun(await runFolder({ strategies: ['random', 'margin', 'entropy'] }), 'run1');

test('a matrix says in words how the row stands to the column, whichever way the pair was compared', (t) => {
  const [, pairs] = renderComparison(run, comparison, 2);
  const table = pairs!.tables.find(({ id }) => id === 'significance')!;
  t.deepEqual(table.columns, ['strategy', 'random', 'margin', 'entropy']);
  const texts = table.rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.text)));
  t.deepEqual(texts, [
    ['random', '·', 'worse\n−2.1\np < 0.001', 'unclear\n0.0\np 0.700'],
    ['margin', 'better\n+2.1\np < 0.001', '·', 'unclear\n+1.8\nno test'],
    ['entropy', 'unclear\n0.0\np 0.700', 'unclear\n−1.8\nno test', '·'],
  ]);
  t.true(pairs!.html.includes('<td class="worse">worse\n−2.1\np &lt; 0.001</td>'));
});

test('won and lost rounds are added up', (t) => {
  const [, pairs] = renderComparison(run, comparison, 2);
  const table = pairs!.tables.find(({ id }) => id === 'win-loss')!;
  const values = table.rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.value)));
  t.deepEqual(values, [
    ['random', null, 0, 1, 1, 5],
    ['margin', 4, null, 2, 6, 1],
    ['entropy', 1, 1, null, 2, 3],
  ]);
});

test('labels saved say when a target was not reached', (t) => {
  const [savings] = renderComparison(run, comparison, 2);
  const texts = savings!.tables.map(({ rows }) =>
    rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.text))),
  );
  t.deepEqual(texts, [
    [
      ['margin', '60', '+40', '+20 to +59', '3 of 3'],
      ['entropy', '120', '−20', '–', '1 of 3'],
    ],
    [['random', 'not reached', '–', '–', '0 of 3']],
  ]);
});

test('the columns of many strategies are numbers, which the rows carry too', (t) => {
  const strategies = Array.from({ length: 9 }, (_, at) => `s${at}`);
  const pairs = strategies.slice(1).map((strategy) => ({ ...comparison.pairs[0]!, strategy, other: 's0' }));
  const [, section] = renderComparison({ ...run, strategies }, { ...comparison, pairs, winLoss: undefined }, 2);
  t.deepEqual(section!.tables[0]!.columns.slice(0, 3), ['strategy', '(1)', '(2)']);
  t.is(section!.tables[0]!.rows[8]![0], '(9) s8');
});

test('nothing to compare, nothing on the page', (t) => {
  const sections = renderComparison(run, { headline: '', sentences: [], pairs: [], savings: [] }, 2);
  t.true(sections.every(({ html, tables }) => html === '' && tables.length === 0));
});
