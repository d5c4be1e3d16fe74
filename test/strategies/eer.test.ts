import test from 'ava';
import { createStrategy, Random } from '../../src/index.js';
import { Breather } from '../../src/strategies/support/breather.js';
import {
  headPredictions,
  headSamples,
  largestCurvature,
  trainHead,
} from '../../src/strategies/support/softmax-head.js';
import { poolContext, byIndex, golden, goldenContext, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';
import { firstDifference } from '../helpers/values.js';

/** A refit to the optimum on everything. */
const thorough = { decay: golden.eer.decay, steps: 2000, leastProbability: 0, candidates: 100, reference: 1000 };

for (const objective of ['log-loss', '0/1'] as const) {
  test(`${objective}: expected errors are those of refits by scikit-learn`, async (t) => {
    const context = goldenContext();
    const { indices, scores } = await createStrategy('eer', { ...thorough, objective }).query(context, 100);
    t.is(firstDifference(byIndex(indices, scores, context.unlabeled), golden.eer[objective], 2e-5), '');
  });
}

test('ten steps rank the candidates much as refits to the optimum do', async (t) => {
  const context = goldenContext();
  const exact = golden.eer['log-loss'];
  const quick = await createStrategy('eer', { ...thorough, steps: 10 }).query(context, 100);
  const scores = byIndex(quick.indices, quick.scores, context.unlabeled);
  let agreed = 0;
  let pairs = 0;
  for (let i = 0; i < exact.length; i++) {
    for (let j = 0; j < i; j++, pairs++) agreed += Number(exact[i]! > exact[j]! === scores[i]! > scores[j]!);
  }
  t.log(`${((100 * agreed) / pairs).toFixed(1)} % of pairs in the same order`);
  t.true(agreed / pairs > 0.9, String(agreed / pairs));
});

test("once each class is known, labels bought this way lower a layer's loss more than random ones", async (t) => {
  const { samples, labels } = blobs(200, 4, 4, { spread: 0.5 });
  const x = headSamples(samples);
  const all = Uint32Array.from({ length: 200 }, (_, i) => i);
  const lossOf = async (known: number[]) => {
    const own = known.map((i) => labels[i]!);
    const options = { classes: 4, decay: 0.01, steps: 500 };
    const curvature = largestCurvature(x, known);
    const idle = new Breather(undefined);
    const weights = await trainHead(new Float64Array(4 * x.cols), x, known, own, curvature, options, idle);
    const p = headPredictions(weights, x, all, 4);
    return all.reduce((sum, i) => sum - Math.log(p[i * 4 + labels[i]!]!), 0) / 200;
  };
  const losses: [number, number][] = [];
  for (let seed = 0; seed < 8; seed++) {
    const order = [...new Random(seed).shuffle(all.slice())];
    const start = [0, 1, 2, 3].flatMap((c) => order.filter((i) => labels[i] === c).slice(0, 2));
    const buy = async (name: string, options: object) => {
      let known = start;
      for (let round = 0; round < 8; round++) {
        const classes = known.map((i) => labels[i]!);
        const seedOfRound = seed * 10 + round;
        const context = poolContext({
          points: samples,
          labeled: known,
          labels: classes,
          classes: 4,
          seed: seedOfRound,
        });
        known = [...known, ...(await createStrategy(name, options).query(context, 1)).indices];
      }
      return lossOf(known);
    };
    losses.push([await buy('eer', { prefilter: 'uniform', candidates: 40 }), await buy('random', {})]);
  }
  const mean = (at: 0 | 1) => losses.reduce((sum, pair) => sum + pair[at], 0) / 8;
  const better = losses.filter(([own, random]) => own < random).length;
  t.log(`mean loss ${mean(0).toFixed(3)}, random ${mean(1).toFixed(3)}, better ${better} of 8`);
  t.true(better >= 6 && mean(0) < mean(1));
});

test('one class only, equal samples, no labels: an answer all the same', async (t) => {
  const points = rowsOf(Array.from({ length: 6 }, () => [1, 1]));
  for (const labeled of [[], [0], [0, 3]]) {
    const { indices } = await createStrategy('eer').query(poolContext({ points, labeled }), 4);
    t.is(new Set(indices).size, 4);
  }
});
