import test from 'ava';
import fc from 'fast-check';
import { compareStrategies } from '../../src/experiment/comparison.js';
import { winLossMatrix } from '../../src/experiment/win-loss.js';
import {
  compareShown,
  renderComparison,
  renderFindings,
  renderTogether,
  splitHeadline,
} from '../../src/report/findings.js';
import { signed } from '../../src/report/matrices.js';
import { readRun, type RunData } from '../../src/report/run-data.js';
import { targetsBetween } from '../../src/report/saving-tables.js';
import { plainTable, type ReportTable } from '../../src/report/table.js';
import { runFolder } from './folders.js';

/** Five seeds; margin is clearly ahead of random, entropy is not. */
async function clearRun(strategies = ['random', 'margin', 'entropy']): Promise<RunData> {
  const run = await readRun(await runFolder({ strategies, seeds: [0, 1, 2, 3, 4], rounds: 5, picks: false }), 'run1');
  const gains: Record<string, number> = { random: 0, margin: 0.03 };
  const rounds = run.rounds.map((record) => {
    const noise = ((7 * record.seed + 3 * record.round + strategies.indexOf(record.strategy)) % 5) / 1000;
    const gain = record.round === 0 ? 0 : (gains[record.strategy] ?? 0.0001) + noise;
    return { ...record, accuracy: 0.6 + 0.06 * record.round + gain };
  });
  return { ...run, rounds, allRounds: rounds };
}

const textsOf = (table: ReportTable): string[][] =>
  table.rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.text)));

function tableOf(run: RunData, id: string): ReportTable {
  const sections = renderComparison(run, compareStrategies(run.rounds), 2);
  return sections.flatMap(({ tables }) => tables).find((table) => table.id === id)!;
}

test('the page begins with what the statistics say', async (t) => {
  const { headline, standfirst } = renderFindings(await clearRun(), 2);
  t.is(headline, 'Margin beat random');
  t.regex(standfirst, /^The learning curve of margin lies \d\.\d ± \d\.\d points higher \(p .*, 5 seeds\)/);
});

test('a matrix says in words how the row stands to the column, and the mirrored cell the opposite', async (t) => {
  const run = await clearRun();
  const { pairs } = compareStrategies(run.rounds);
  const table = tableOf(run, 'significance');
  t.deepEqual(table.columns, ['strategy', 'random', 'margin', 'entropy']);
  const texts = textsOf(table);
  t.regex(texts[1]![1]!, /^better\n\+\d\.\d\np /);
  t.is(texts[0]![2], texts[1]![1]!.replace('better', 'worse').replace('+', '−'));
  const pair = pairs.find(({ strategy, other }) => strategy === 'margin' && other === 'random')!;
  t.true(texts[1]![1]!.includes(`+${(100 * pair.area.difference.mean).toFixed(1)}`));
  t.is(texts[1]![2], '·');
  const against = tableOf(run, 'against');
  t.is(against.rows[0]![0], 'margin');
  t.is(textsOf(against)[0]![2], 'better');
  t.is(plainTable(against).rows[0]![3], pair.area.holmBaseline);
});

test('rounds ahead and behind stand side by side, as the matrix of the experiment has them', async (t) => {
  const run = await clearRun();
  const { wins } = compareStrategies(run.rounds).winLoss;
  const texts = textsOf(tableOf(run, 'win-loss'));
  t.is(texts[1]![1], `${Math.round(100 * wins[1]![0]!)} : ${Math.round(100 * wins[0]![1]!)} %`);
  t.is(texts[1]![1], '100 : 0 %');
  t.is(texts[0]![2], '0 : 100 %');
});

test('labels saved are those of the experiment; what is never reached is said', async (t) => {
  const run = await clearRun();
  const [first] = compareStrategies(run.rounds).savings.filter(({ strategy }) => strategy === 'margin');
  const savings = tableOf(run, 'savings');
  t.is(savings.rows[0]![0], 'margin');
  t.is(plainTable(savings).rows[0]![4], first!.saved);
  const reach = textsOf(tableOf(run, 'reach'));
  t.is(reach[0]!.at(-1), 'not reached'); // random stays below what margin reaches
  t.notRegex(textsOf(savings).flat().join(), /NaN|null|Infinity/);
});

test('the columns of many strategies are numbers, which the rows carry too', async (t) => {
  const run = await clearRun(['random', ...Array.from({ length: 8 }, (_, at) => `s${at}`)]);
  const table = tableOf(run, 'significance');
  t.deepEqual(table.columns.slice(0, 3), ['strategy', '(1)', '(2)']);
  t.is(table.rows[8]![0], '(9) s7');
});

test('one strategy, one seed, or strategies that share no seed: no matrix', async (t) => {
  const run = await clearRun();
  const alone = { ...run, rounds: run.rounds.filter(({ strategy }) => strategy === 'margin') };
  t.is(renderComparison(alone, compareStrategies(alone.rounds), 2)[1]!.html, '');
  const single = { ...run, rounds: run.rounds.filter(({ seed }) => seed === 0) };
  const sections = renderComparison(single, compareStrategies(single.rounds), 2);
  t.true(sections[1]!.html.includes('no test'));
  t.notRegex(sections.map(({ html }) => html).join(''), /NaN|null|Infinity/);
  const apart = run.rounds.filter(({ strategy, seed }) => (strategy === 'margin' ? seed > 2 : seed < 2));
  t.notThrows(() => renderComparison({ ...run, rounds: apart }, compareStrategies(apart), 2));
  t.is(renderFindings({ ...run, rounds: [], allRounds: [] }, 2).headline, 'No round has been run yet');
});

test('several experiments are also counted together', async (t) => {
  const run = await clearRun();
  const settings = [run, { ...run, id: 'run2' }];
  const { html, tables } = renderTogether(settings, winLossMatrix(settings.map(({ rounds }) => rounds)));
  t.true(html.includes('mean over up to 2 experiments'));
  t.is(textsOf(tables[0]!)[1]![1], '100 : 0 %');
  t.is(renderTogether([run], winLossMatrix([run.rounds])).html, '');
});

test('headlines are split at the first colon or full stop that ends something', (t) => {
  t.deepEqual(splitHeadline('A beat b: by 4.2 points. C did not.'), {
    headline: 'A beat b',
    rest: 'By 4.2 points. C did not.',
  });
  t.deepEqual(splitHeadline('A reaches 95.1 % (one seed). Run more.'), {
    headline: 'A reaches 95.1 % (one seed)',
    rest: 'Run more.',
  });
  t.deepEqual(splitHeadline('Nothing.'), { headline: 'Nothing', rest: '' });
  t.deepEqual(splitHeadline('x(a={"b":1}) leads'), { headline: 'x(a={"b":1}) leads', rest: '' });
});

test('accuracies to reach are round, between start and best, and few', (t) => {
  t.deepEqual(
    targetsBetween(0.62, 0.957).map((value) => value.toFixed(3)),
    ['0.700', '0.800', '0.900'],
  );
  const property = fc.property(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const targets = targetsBetween(low, high);
      return targets.length <= 6 && targets.every((target) => target > low - 1e-6 && target <= high + 1e-6);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 300, seed: 3 }));
});

test('a difference that rounds to nothing has no sign', (t) => {
  t.deepEqual([signed(-0.04, 1), signed(0.04, 1), signed(-1.26, 1), signed(3, 0)], ['0.0', '0.0', '−1.3', '+3']);
});

test('showing fewer strategies does not make a p value smaller', async (t) => {
  const run = await clearRun(['random', 'margin', 'entropy', 's1', 's2']);
  const strategies = ['random', 'margin'];
  const some = { ...run, strategies, rounds: run.rounds.filter(({ strategy }) => strategies.includes(strategy)) };
  const [all, shown] = [compareShown(run), compareShown(some)];
  const own = all.pairs.filter(({ strategy, other }) => strategy === 'margin' && other === 'random');
  t.deepEqual(shown.pairs, own);
  t.true(own[0]!.area.holmBaseline! > compareStrategies(some.rounds).pairs[0]!.area.holmBaseline!);
  t.deepEqual(shown.strategies, strategies);
  const without = compareShown({
    ...some,
    strategies: ['margin'],
    rounds: run.rounds.filter(({ strategy }) => strategy === 'margin'),
  });
  t.deepEqual([without.baseline, without.pairs.length, without.savings.length], [null, 0, 0]);
});
