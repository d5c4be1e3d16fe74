import test from 'ava';
import { implementations } from '../helpers/implementations.js';

for (const [name, { sampleWithoutReplacement, topK, scoreTopK, TopKAccumulator }] of implementations) {
  test(`${name}: draws are distinct, in range and repeatable`, (t) => {
    const draw = sampleWithoutReplacement(1000, 1000, { seed: 4 });
    t.deepEqual(
      [...draw].sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i),
    );
    t.deepEqual(sampleWithoutReplacement(1000, 10, { seed: 4 }), draw.slice(0, 10));
    t.notDeepEqual(sampleWithoutReplacement(1000, 10, { seed: 5 }), draw.slice(0, 10));
    t.is(sampleWithoutReplacement(5, 0).length, 0);
    t.is(sampleWithoutReplacement(0, 0).length, 0);
    t.true((sampleWithoutReplacement(2 ** 32 - 1, 3)[0] as number) < 2 ** 32 - 1);
  });

  test(`${name}: every position of a uniform draw is uniform`, (t) => {
    const counts = new Float64Array(6 * 6);
    const draws = 12_000;
    for (let seed = 0; seed < draws; seed++) {
      sampleWithoutReplacement(6, 6, { seed }).forEach((row, position) => (counts[position * 6 + row]! += 1));
    }
    // chi-square with 25 degrees of freedom: 60 is beyond the 99.99 % point
    const chiSquare = counts.reduce((sum, count) => sum + (count - draws / 6) ** 2 / (draws / 6), 0);
    t.true(chiSquare < 60, `${chiSquare}`);
  });

  test(`${name}: weighted draws follow the weights, zero is never drawn`, (t) => {
    const weights = [1, 0, 2, 5];
    const first = new Float64Array(4);
    for (let seed = 0; seed < 8000; seed++) {
      const draw = sampleWithoutReplacement(4, 3, { weights, seed });
      first[draw[0] as number]! += 1;
      if (draw.includes(1)) t.fail('drew a zero weight');
    }
    weights.forEach((weight, i) => t.true(Math.abs((first[i] as number) - weight * 1000) < 200, `${i}: ${first[i]}`));
    t.throws(() => sampleWithoutReplacement(4, 4, { weights }), {
      message: /at most the 3 rows of positive weight for k, got 4/,
    });
    t.throws(() => sampleWithoutReplacement(2, 1, { weights: [1, -1] }), { message: /for weights, got -1 at 1/ });
    t.throws(() => sampleWithoutReplacement(2, 1, { weights: [NaN, 1] }), { code: 'ERR_QUERENT_VALUE' });
    t.throws(() => sampleWithoutReplacement(3, 1, { weights: [1, 1] }), { code: 'ERR_QUERENT_SHAPE' });
    t.throws(() => sampleWithoutReplacement(2, 3), { message: /expected at most n \(2\) for k, got 3/ });
  });

  test(`${name}: weighted draws go on with the weights that are left`, (t) => {
    const weights = [1, 2, 0, 5, 0.5];
    const total = 8.5;
    const pairs = new Float64Array(25);
    const draws = 8000;
    for (let seed = 0; seed < draws; seed++) {
      const [first, second] = sampleWithoutReplacement(5, 2, { weights, seed }) as unknown as [number, number];
      pairs[first * 5 + second]! += 1;
    }
    let chiSquare = 0;
    pairs.forEach((count, at) => {
      const [a, b] = [weights[Math.floor(at / 5)] as number, weights[at % 5] as number];
      const wanted = Math.floor(at / 5) === at % 5 ? 0 : ((draws * a) / total) * (b / (total - a));
      if (wanted === 0) t.is(count, 0);
      else chiSquare += (count - wanted) ** 2 / wanted;
    });
    t.true(chiSquare < 37, `${chiSquare}`); // 11 degrees of freedom: beyond the 99.99 % point
  });

  test(`${name}: top-k by hand`, (t) => {
    const scores = Float32Array.of(2, NaN, 5, 2, -Infinity, 5);
    t.deepEqual([...topK(scores, 3).indices], [2, 5, 0]);
    t.deepEqual([...topK(scores, 5).scores], [5, 5, 2, 2, -Infinity]);
    t.deepEqual([...topK(scores, 3, { exclude: [2, 2, 0] }).indices], [5, 3, 4]);
    t.is(topK(scores, 0).indices.length, 0);
    t.true(topK(Float64Array.of(1), 1).scores instanceof Float64Array);
    t.is(topK(new Float32Array(0), 0).scores.length, 0);
    t.throws(() => topK(scores, 6), {
      code: 'ERR_QUERENT_SHAPE',
      message: 'topK: expected at most the 5 eligible rows for k, got 6 (6 rows, 0 excluded, 1 without a score)',
    });
    t.throws(
      () => topK(scores, 3, { exclude: [2, 2, 0, 0, 1] }).indices.length > 3 || topK(scores, 4, { exclude: [2, 0, 1] }),
      {
        code: 'ERR_QUERENT_SHAPE',
      },
    );
    t.throws(() => topK(scores, 1, { exclude: [6] }), {
      message: 'topK: expected row numbers below 6 for exclude[0], got 6',
    });
    t.throws(() => topK(scores, 1, { exclude: Uint32Array.of(0, 9) }), { message: /below 6 for exclude\[1\], got 9/ });
    t.throws(() => topK(scores, -1), { code: 'ERR_QUERENT_ARGUMENT' });
    t.throws(() => topK(scores, 1, { seed: 1.5 }), { code: 'ERR_QUERENT_ARGUMENT' });
    t.throws(() => topK(Int32Array.of(1) as never, 1), { code: 'ERR_QUERENT_ARGUMENT' });
  });

  test(`${name}: random ties depend on the seed alone`, (t) => {
    const scores = new Float32Array(50);
    const orders = [1, 2, 3].map((seed) => [...topK(scores, 50, { tieBreak: 'random', seed }).indices].join());
    t.is(new Set(orders).size, 3);
    t.is([...topK(scores, 50, { tieBreak: 'random', seed: 2n }).indices].join(), orders[1] as string);
    const first = Array.from({ length: 300 }, (_, seed) => topK(scores, 1, { tieBreak: 'random', seed }).indices[0]);
    t.true(new Set(first).size > 35, 'ties fall anywhere');
  });

  test(`${name}: scoreTopK refuses what it cannot pick, and takes exclude`, (t) => {
    const probs = [
      [0.5, 0.5],
      [0.9, 0.1],
      [0.6, 0.4],
    ];
    const best = scoreTopK(probs, 2, { method: 'margin', exclude: [0] });
    t.deepEqual([...best.indices], [2, 1]);
    t.true(best.scores instanceof Float64Array);
    t.is(scoreTopK(probs, 0, { method: 'margin' }).indices.length, 0);
    t.throws(() => scoreTopK(probs, 3, { method: 'margin', exclude: [0] }), {
      message: /at most the 2 eligible rows for k, got 3/,
    });
    t.throws(() => scoreTopK([], 1, { method: 'margin' }), { code: 'ERR_QUERENT_SHAPE' });
  });

  test(`${name}: an accumulator knows what it lacks`, (t) => {
    const best = new TopKAccumulator(3, { exclude: [7] });
    best.add(Float32Array.of(1, 3), 0);
    t.is(best.eligible, 2);
    t.throws(() => best.result(), { message: /expected row numbers below 2 \(the rows added\) for exclude, got 7/ });
    best.add(Float32Array.of(5, 2, 4), 5);
    t.deepEqual([...best.result().indices], [5, 1, 6]);
    t.throws(() => best.add(Float32Array.of(1), 2 ** 32), { code: 'ERR_QUERENT_ARGUMENT' });
    const short = new TopKAccumulator(2);
    t.throws(() => short.result(), { code: 'ERR_QUERENT_SHAPE' });
    t.deepEqual([...new TopKAccumulator(0).result().indices], []);
  });
}
