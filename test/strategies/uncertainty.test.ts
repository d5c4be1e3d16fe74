import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { ActiveLearner, createStrategy, type QueryContext, Random } from '../../src/index.js';
import { arrayContext } from '../helpers/array-context.js';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';
import { firstDifference } from '../helpers/values.js';

/** Four predictions of three classes, for the pool indices 10, 20, 30 and 40. */
const PREDICTIONS: Record<number, number[]> = {
  10: [0.9, 0.06, 0.04], // sure
  20: [0.5, 0.48, 0.02], // two close: margin
  30: [0.4, 0.3, 0.3], // widest: entropy and least confidence
  40: [0.6, 0.2, 0.2],
};

const context: QueryContext = {
  unlabeled: Uint32Array.from([10, 20, 30, 40]),
  labeled: new Uint32Array(0),
  labels: new Uint32Array(0),
  classes: 3,
  seed: 1,
  round: 1,
  predict: async (indices) => ({
    data: Float32Array.from([...indices].flatMap((index) => PREDICTIONS[index]!)),
    rows: indices.length,
    cols: 3,
  }),
  embed: () => Promise.reject(new Error('not asked for')),
  members: () => Promise.reject(new Error('not asked for')),
  samples: () => {
    throw new Error('not asked for');
  },
  log: () => undefined,
};

const orders: [string, number[], number][] = [
  ['entropy', [30, 40, 20, 10], -(0.4 * Math.log(0.4) + 0.6 * Math.log(0.3))],
  ['margin', [20, 30, 40, 10], 0.98],
  ['least-confidence', [30, 20, 40, 10], 0.6],
];
for (const [name, order, best] of orders) {
  test(`${name} ranks four worked predictions`, async (t) => {
    const { indices, scores } = await createStrategy(name).query(context, 4);
    t.deepEqual([...indices], order);
    t.true(Math.abs(scores![0]! - best) < 1e-6);
  });
}

test('predictions that are all equal are asked for in the order of the pool, or by the seed', async (t) => {
  const flat: QueryContext = {
    ...context,
    predict: async ({ length }) => ({ data: new Float32Array(length * 2).fill(0.5), rows: length, cols: 2 }),
  };
  t.deepEqual([...(await createStrategy('margin').query(flat, 3)).indices], [10, 20, 30]);
  const drawn = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { indices } = await createStrategy('margin', { tieBreak: 'random' }).query({ ...flat, seed }, 4);
    t.deepEqual([...indices].sort(), [10, 20, 30, 40]);
    drawn.add(indices.join());
  }
  t.true(drawn.size > 5);
});

test('random asks for every sample about equally often', async (t) => {
  const counts = new Map<number, number>();
  for (let seed = 0; seed < 2000; seed++) {
    const { indices } = await createStrategy('random').query({ ...context, seed }, 2);
    for (const index of indices) counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  for (const count of counts.values()) t.true(Math.abs(count - 1000) < 130, String(count));
});

/** p = (.7, .2, .1), (.4, .35, .25), (.98, .01, .01). */
const WORKED: Record<string, number[]> = {
  entropy: [0.8018185525, 1.0805276266, 0.1119020569],
  'least-confidence': [0.3, 0.6, 0.02],
  margin: [0.5, 0.95, 0.03],
};
/** The mean of three members, worked by hand. */
const MEAN_PREDICTIONS = [[0.5, 1.1 / 3, 0.4 / 3], [1.04 / 3, 0.36, 0.88 / 3], [0.98, 0.035 / 3, 0.025 / 3]]; // prettier-ignore
const WORKED_MEAN: Record<string, number[]> = {
  entropy: [0.9831047663, 1.0948075889, 0.1116229786],
  'least-confidence': [0.5, 0.64, 0.02],
  margin: [1 - 0.1333333333, 1 - 0.0133333333, 1 - 0.9683333333],
};
const CASES = [
  [[[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.98, 0.01, 0.01]], WORKED],
  [MEAN_PREDICTIONS, WORKED_MEAN],
] as const; // prettier-ignore
for (const name of ['entropy', 'least-confidence', 'margin']) {
  test(`${name} gives the worked scores of three samples`, async (t) => {
    for (const [predictions, worked] of CASES) {
      const { indices, scores } = await createStrategy(name).query(arrayContext({ predictions }), 3);
      const found = [0, 1, 2].map((index) => scores![indices.indexOf(index)]!);
      t.is(firstDifference(found, worked[name]!, 1e-6, 1e-7), '');
    }
  });

  test(`${name} of a sample that is certain is 0 and comes last`, async (t) => {
    const predictions = [[0, 1, 0], [0.98, 0.01, 0.01]]; // prettier-ignore
    for (const temperature of [1, 0.5, 3]) {
      const { indices, scores } = await createStrategy(name, { temperature }).query(arrayContext({ predictions }), 2);
      t.deepEqual([...indices], [1, 0]);
      t.is(scores![1], 0);
    }
  });

  test(`${name} normalized is the same order, and 1 for a prediction that knows nothing`, async (t) => {
    for (const kind of ['multiclass', 'multilabel']) {
      for (const classes of [2, 3, 10]) {
        const flat = new Array<number>(classes).fill(kind === 'multilabel' ? 0.5 : 1 / classes);
        const sure = flat.map((_, c) => (c === 0 ? 1 : 0));
        const half = flat.map((p, c) => (p + sure[c]!) / 2);
        const context = arrayContext({ predictions: [sure, half, flat] });
        const { indices, scores } = await createStrategy(name, { kind, normalized: true }).query(context, 3);
        const plain = await createStrategy(name, { kind }).query(context, 3);
        t.deepEqual(indices, plain.indices);
        t.true(Math.abs(scores![0]! - 1) < 1e-6);
        t.is(scores![2], 0);
      }
    }
  });

  test(`${name} of labels that are independent is the mean over them, never renormalised`, async (t) => {
    // modAL hands sigmoid rows to SciPy's entropy, which scales them to sum to one: (.9, .9) would become a coin flip.
    const predictions = [[0.9, 0.9, 0.9], [0.5, 0.02, 0.01], [0.6, 0.7, 0.5]]; // prettier-ignore
    const binary: Record<string, (p: number) => number> = {
      entropy: (p) => -p * Math.log(p) - (1 - p) * Math.log(1 - p),
      margin: (p) => 1 - Math.abs(2 * p - 1),
      'least-confidence': (p) => Math.min(p, 1 - p),
    };
    for (const temperature of [1, 2]) {
      const context = arrayContext({ predictions });
      const { indices, scores } = await createStrategy(name, { kind: 'multilabel', temperature }).query(context, 3);
      const tempered = (p: number): number => 1 / (1 + ((1 - p) / p) ** (1 / temperature));
      const wanted = predictions.map((row) => row.reduce((sum, p) => sum + binary[name]!(tempered(p)) / 3, 0));
      t.is(
        firstDifference(
          Array.from(scores!),
          Array.from(indices, (index) => wanted[index]!),
          2e-6,
        ),
        '',
      );
      t.is(indices[0], 2);
    }
  });

  test(`${name} at a temperature is the score of predictions at that temperature`, async (t) => {
    for (const { rows, cols, counts, labels, temperature, ...wanted } of golden.temperature) {
      const table = Array.from({ length: rows }, (_, row) =>
        counts.slice(row * cols, (row + 1) * cols).map((count) => count / 4096),
      );
      const held = { samples: { data: new Float32Array(rows), rows, cols: 1 }, labels: Uint32Array.from(labels) };
      const lines: string[] = [];
      const context = arrayContext({
        predictions: table.slice(0, 20),
        validation: held,
        predictSamples: async (samples) => {
          t.is(samples, held.samples);
          return { data: Float32Array.from(table.flat()), rows, cols };
        },
        log: (line) => lines.push(line),
      });
      for (const given of [temperature, 'fit']) {
        const { indices, scores } = await createStrategy(name, { temperature: given }).query(context, 20);
        const expected = Array.from(indices, (index) => wanted[name as 'entropy'][index]!);
        t.is(firstDifference(Array.from(scores!), expected, 1e-5, 1e-7), '');
      }
      t.regex(lines.join(), /temperature \d\.\d+, fitted on \d+ validation samples/);
    }
  });
}

const golden = JSON.parse(readFileSync(new URL('../golden/strategies.json', import.meta.url), 'utf8')) as {
  temperature: {
    rows: number;
    cols: number;
    counts: number[];
    labels: number[];
    temperature: number;
    entropy: number[];
    margin: number[];
    'least-confidence': number[];
  }[];
};

test('with two classes no temperature changes the order; with three it does', async (t) => {
  const order = async (name: string, temperature: number, predictions: number[][]) =>
    [
      ...(await createStrategy(name, { temperature }).query(arrayContext({ predictions }), predictions.length)).indices,
    ].join();
  const random = new Random(3);
  const two = Array.from({ length: 60 }, () => random.float()).map((p) => [p, 1 - p]);
  for (const name of ['entropy', 'margin', 'least-confidence']) {
    const plain = await order(name, 1, two);
    for (const temperature of [0.5, 2, 5]) t.is(await order(name, temperature, two), plain, name);
  }
  const pairs: Record<string, number[][]> = {
    entropy: [[0.5, 0.5, 0], [0.8, 0.1, 0.1]],
    margin: [[0.5, 0.2, 0.3], [0.6, 0.38, 0.02]],
    'least-confidence': [[0.5, 0.5, 0], [0.51, 0.245, 0.245]],
  }; // prettier-ignore
  for (const [name, pair] of Object.entries(pairs)) {
    const orders = await Promise.all([0.3, 1, 3, 20].map((temperature) => order(name, temperature, pair)));
    t.is(new Set(orders).size, 2, `${name}: ${orders.join(' | ')}`);
  }
});

test("temperature 'fit' takes the validation samples of a learner", async (t) => {
  const pool = blobs(60, 3, 2, { spread: 1.2 });
  const lines: string[] = [];
  const learner = new ActiveLearner({
    model: new CentroidModel(3),
    strategy: createStrategy('entropy', { temperature: 'fit' }),
    pool: pool.samples,
    oracle: pool.labels,
    validation: blobs(30, 3, 2, { spread: 1.2, seed: 9 }),
    log: (line) => lines.push(line),
  });
  await learner.run({ budget: 20, batch: 5 });
  t.is(lines.length, 3);
  t.true(lines.every((line) => /^strategy entropy: temperature [\d.]+, fitted on 30 validation samples$/.test(line)));
});

test("temperature 'fit' without validation samples says what is missing", async (t) => {
  const predictions = [[0.5, 0.5]];
  const error = await t.throwsAsync(
    createStrategy('margin', { temperature: 'fit' }).query(arrayContext({ predictions }), 1),
    {
      code: 'ERR_QUERENT_UNAVAILABLE',
    },
  );
  t.regex(error.message, /validation samples/);
  t.throws(() => createStrategy('entropy', { temperature: 'fit', kind: 'multilabel' }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /number for temperature with kind multilabel/,
  });
  for (const temperature of [0, -1, 'hot', NaN]) {
    t.throws(() => createStrategy('entropy', { temperature }), {
      code: 'ERR_QUERENT_ARGUMENT',
      message: /(positive number, or 'fit'|>0) for temperature/,
    });
  }
});

test('ceal believes predictions of little entropy, less and less of them, and never what it asks about', async (t) => {
  const entropies = (p: number): number => -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  const worlds = fc.record({
    chances: fc.array(
      fc.integer({ min: 1, max: 4095 }).map((count) => count / 4096),
      {
        minLength: 1,
        maxLength: 30,
      },
    ),
    threshold: fc.constantFrom(0, 0.05, 0.3, 0.6),
    decay: fc.constantFrom(0, 0.0033, 0.1),
    round: fc.integer({ min: 0, max: 12 }),
    n: fc.integer({ min: 1, max: 10 }),
  });
  await t.notThrowsAsync(() =>
    fc.assert(
      fc.asyncProperty(worlds, async ({ chances, threshold, decay, round, n }) => {
        const predictions = chances.map((p) => [p, 1 - p]);
        const strategy = createStrategy('ceal', { threshold, decay });
        const { indices, pseudoLabels } = await strategy.query(arrayContext({ predictions, round }), n);
        const limit = Math.max(0, threshold - decay * Math.max(0, round - 1));
        const sure = chances.flatMap((p, index) => (entropies(p) < limit && !indices.includes(index) ? [index] : []));
        const rightly = [...pseudoLabels!.labels].every((label, at) => {
          const p = chances[pseudoLabels!.indices[at]!]!;
          return label === (p >= 1 - p ? 0 : 1);
        });
        return pseudoLabels!.indices.join() === sure.join() && rightly;
      }),
      { numRuns: 100 },
    ),
  );
});
