import test from 'ava';
import { createStrategy, type QueryContext } from '../../src/index.js';

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
