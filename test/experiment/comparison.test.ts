import test from 'ava';
import { compareStrategies } from '../../src/experiment/comparison.js';
import type { RoundRecord } from '../../src/experiment/records.js';
import { winLossMatrix } from '../../src/experiment/win-loss.js';

const LABELS = [20, 40, 60, 80, 100];

/** A run whose accuracy at each of {@link LABELS} is a function of it. */
function run(strategy: string, seed: number, accuracy: (labels: number) => number, labels = LABELS): RoundRecord[] {
  return labels.map((count, round) => ({
    strategy,
    seed,
    round,
    labels: count,
    accuracy: accuracy(count),
    macroF1: 0.5,
    logLoss: 1,
    epochs: 1,
    loss: 0.1,
    seconds: { train: 1, score: 0, select: 0, evaluate: 0 },
  }));
}

const noise = [0.001, -0.002, 0.0005, 0.003, -0.0015];
/** Random grows by half a point per label; the others lie above or below it, by an amount that varies a little by seed. */
function rounds(above: Record<string, number>, seeds = 5): RoundRecord[] {
  return Array.from({ length: seeds }, (_, seed) => [
    ...run('random', seed, (labels) => 0.4 + 0.005 * labels),
    ...Object.entries(above).flatMap(([name, gain], at) =>
      run(name, seed, (labels) => 0.4 + 0.005 * labels + (labels > 20 ? gain + noise[(seed + at) % 5]! : 0)),
    ),
  ]).flat();
}

test('a strategy that is ahead on every seed beats random, in words and numbers', (t) => {
  const found = compareStrategies(rounds({ margin: 0.05, 'k-center': -0.04, entropy: 0.0005 }));
  t.is(found.baseline, 'random');
  t.is(found.pairs.length, 6);
  const margin = found.pairs.find(({ strategy, other }) => strategy === 'margin' && other === 'random')!;
  t.deepEqual([margin.seeds, margin.labels, margin.accuracy.wins, margin.accuracy.losses], [5, 100, 5, 0]);
  t.true(Math.abs(margin.accuracy.difference.mean - 0.0502) < 1e-9);
  t.true(Math.abs(margin.area.difference.mean - 0.0502 * (3.5 / 4)) < 1e-9); // the first trapezoid counts half
  t.true(
    margin.area.p! < 1e-4 &&
      margin.area.holmBaseline! >= margin.area.p! &&
      margin.area.holm! >= margin.area.holmBaseline!,
  );
  t.is(margin.area.signFlip, 2 / 32);
  t.is(margin.area.wilcoxon, 2 / 32);
  t.true(margin.area.detectable! > 0 && margin.area.detectable! < 0.01);
  t.is(
    found.pairs.find(({ strategy, other }) => strategy === 'entropy' && other === 'margin')!.area.holmBaseline,
    null,
  );
  t.regex(
    found.headline,
    /^Margin beat random: the learning curve of margin lies 4\.4 ± 0\.2 points higher \(p below 0\.001, 5 seeds\), and reaches with 90 labels the 90\.0 % that random reaches with 100\. K-center did worse than random\.$/,
  );
});

test('without a difference the headline claims none, and says what would be missed', (t) => {
  const { headline } = compareStrategies(rounds({ margin: 0.0005, entropy: -0.0002 }));
  t.regex(
    headline,
    /^No strategy beat random by more than 5 seeds can tell: the learning curve of margin, the best, lies 0\.1 ± 0\.2 points higher \(p = \d\.\d{3}, and less than 0\.\d points would often be missed\)\.$/,
  );
});

test('one seed, no random, and nothing at all are said as they are', (t) => {
  t.regex(
    compareStrategies(rounds({ margin: 0.05 }, 1)).headline,
    /^Margin reaches 95\.1 % with 100 labels \(one seed\)\. One seed cannot tell/,
  );
  const single = compareStrategies(rounds({ margin: 0.05 }, 1)).pairs[0]!.area;
  t.deepEqual(
    [single.p, single.holm, single.wilcoxon, single.signFlip, single.detectable],
    [null, null, null, null, null],
  );
  const own = rounds({ margin: 0.05, entropy: 0 }).filter(({ strategy }) => strategy !== 'random');
  const found = compareStrategies(own);
  t.deepEqual([found.baseline, found.savings.length, found.pairs.length], [null, 0, 1]);
  t.regex(found.headline, /^Margin reaches 95\.0 % with 100 labels \(mean of 5 seeds\)\.$/);
  t.is(compareStrategies([]).headline, 'No round has been run yet.');
});

test('labels saved are read off the mean curves, with an interval over seeds', (t) => {
  const [margin, worse] = compareStrategies(rounds({ margin: 0.05, worse: -0.05 })).savings;
  t.is(margin!.baselineLabels, 100);
  t.true(Math.abs(margin!.target - 0.9) < 1e-12);
  t.true(Math.abs(margin!.saved! - 10) < 0.2, String(margin!.saved));
  t.true(margin!.interval!.low! <= margin!.saved! && margin!.saved! <= margin!.interval!.high!);
  t.true(margin!.interval!.high! - margin!.interval!.low! < 1);
  t.deepEqual([worse!.labels, worse!.saved, worse!.interval], [null, null, { low: null, high: null }]);
  t.deepEqual(compareStrategies(rounds({ margin: 0.05 })).savings, compareStrategies(rounds({ margin: 0.05 })).savings);
});

test('only seeds that both ran and labels that all reached are compared', (t) => {
  const some = rounds({ margin: 0.05 }).filter(
    ({ strategy, seed, labels }) => strategy !== 'margin' || (seed > 0 && (seed > 1 || labels <= 60)),
  );
  const { pairs } = compareStrategies(some);
  t.deepEqual([pairs[0]!.seeds, pairs[0]!.labels], [4, 60]);
});

test('equal differences on two seeds are not called certain', (t) => {
  const two = [0, 1].flatMap((seed) => [
    ...run('random', seed, (labels) => 0.4 + labels / 1000),
    ...run('margin', seed, (labels) => 0.41 + labels / 1000),
  ]);
  const { area } = compareStrategies(two).pairs[0]!;
  t.is(area.p, 0.5); // of exact sign flips: 2 of 4 signs
  t.is(area.difference.interval! < 1e-9, true);
});

test('the win-loss matrix shares a setting among its label counts', (t) => {
  // margin is ahead of random from 40 labels on; the counts are 40, 60, 100: positions 1, 2, 4
  const ahead = rounds({ margin: 0.05 });
  const late = [0, 1, 2, 3, 4].flatMap((seed) => [
    ...run('random', seed, () => 0.5),
    ...run('margin', seed, (labels) => (labels < 100 ? 0.5 : 0.6 + noise[seed]!)),
  ]);
  const { strategies, wins, settings } = winLossMatrix([ahead, late]);
  t.deepEqual(strategies, ['random', 'margin']);
  t.deepEqual(settings, [
    [0, 2],
    [2, 0],
  ]);
  t.is(wins[0]![1], 0);
  t.true(Math.abs(wins[1]![0]! - (1 + 1 / 3) / 2) < 1e-12);
  t.deepEqual(winLossMatrix([rounds({ margin: 0.05 }, 1)]).settings, [
    [0, 0],
    [0, 0],
  ]);
});
