import test from 'ava';
import { createStrategy, Random } from '../../src/index.js';
import {
  headPredictions,
  headSamples,
  largestCurvature,
  trainHead,
} from '../../src/strategies/support/softmax-head.js';
import { arrayContext, byIndex, golden, goldenContext, rowsOf } from '../helpers/array-context.js';
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

test("labels bought this way lower a layer's loss more than random ones", async (t) => {
  const { samples, labels } = blobs(240, 4, 3, { spread: 0.9 });
  const x = headSamples(samples);
  const all = Uint32Array.from({ length: 240 }, (_, i) => i);
  const lossOf = (known: number[]) => {
    const own = known.map((i) => labels[i]!);
    const zero = new Float64Array(4 * x.cols);
    const options = { classes: 4, decay: 0.01, steps: 500 };
    const p = headPredictions(trainHead(zero, x, known, own, largestCurvature(x, known), options), x, all, 4);
    return [...all].reduce((sum, i) => sum - Math.log(p[i * 4 + labels[i]!]!), 0) / 240;
  };
  let better = 0;
  let [sum, sumOfRandom] = [0, 0];
  for (let seed = 0; seed < 8; seed++) {
    const start = [...new Random(seed).shuffle(all.slice()).subarray(0, 6)];
    const buy = async (name: string) => {
      let known = start;
      for (let round = 0; round < 4; round++) {
        const classes = known.map((i) => labels[i]!);
        const context = arrayContext({
          points: samples,
          labeled: known,
          labels: classes,
          classes: 4,
          seed: seed * 10 + round,
        });
        const { indices } = await createStrategy(
          name,
          name === 'eer' ? { prefilter: 'uniform', candidates: 30 } : {},
        ).query(context, 2);
        known = [...known, ...indices];
      }
      return lossOf(known);
    };
    const [own, random] = [await buy('eer'), await buy('random')];
    better += Number(own < random);
    sum += own;
    sumOfRandom += random;
  }
  t.log(`mean loss ${(sum / 8).toFixed(3)}, random ${(sumOfRandom / 8).toFixed(3)}, better ${better} of 8`);
  t.true(better >= 6 && sum < sumOfRandom);
});

test('one class only, equal samples, no labels: an answer all the same', async (t) => {
  const points = rowsOf(Array.from({ length: 6 }, () => [1, 1]));
  for (const labeled of [[], [0], [0, 3]]) {
    const { indices } = await createStrategy('eer').query(arrayContext({ points, labeled }), 4);
    t.is(new Set(indices).size, 4);
  }
});
