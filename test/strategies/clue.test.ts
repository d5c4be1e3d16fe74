import test from 'ava';
import { createStrategy, Random, score } from '../../src/index.js';
import { soften } from '../../src/strategies/clue.js';
import { poolContext, rowsOf } from '../helpers/diversity.js';

const random = new Random(8);
const points = rowsOf(Array.from({ length: 300 }, () => [random.float(), random.float()]));
// the further right, the less sure
const probabilities = rowsOf(
  Array.from({ length: 300 }, (_, i) => [1 - points.data[2 * i]! / 2, points.data[2 * i]! / 2]),
);
const context = poolContext({ points, probabilities });

async function meanColumn(options: object): Promise<number> {
  const { indices } = await createStrategy('clue', options).query(context, 12);
  return indices.reduce((sum, index) => sum + points.data[2 * index]!, 0) / 12;
}

test('a low temperature asks for the most uncertain, a high one spreads as k-means', async (t) => {
  const [cold, usual, hot] = await Promise.all([0.1, 1, 1000].map((temperature) => meanColumn({ temperature })));
  t.true(cold! > 0.8, String(cold));
  t.true(usual! > 0.52 && usual! < cold!, String(usual));
  t.true(Math.abs(hot! - 0.5) < 0.06, String(hot));
});

test('at temperature 1 it is k-means weighted by entropy', async (t) => {
  const clue = await createStrategy('clue').query(context, 12);
  const weighted = await createStrategy('k-means', { weight: 'entropy' }).query(context, 12);
  t.deepEqual([...clue.indices], [...weighted.indices]);
});

test('softened probabilities are the softmax of logits over the temperature', (t) => {
  const logits = [3, -1, 0.5];
  const softmax = (z: number[]) => z.map((x) => Math.exp(x) / z.reduce((sum, y) => sum + Math.exp(y), 0));
  for (const temperature of [0.2, 2, 30]) {
    const { data } = soften(rowsOf([softmax(logits)]), temperature);
    softmax(logits.map((z) => z / temperature)).forEach((p, c) => t.true(Math.abs(p - data[c]!) < 1e-6));
  }
  const { data } = soften(
    rowsOf([
      [1, 0, 0],
      [0.5, 0.5, 0],
    ]),
    1e-3,
  );
  t.deepEqual([...data], [1, 0, 0, 0.5, 0.5, 0]);
  t.deepEqual(
    [...score({ data, rows: 2, cols: 3 }, { method: 'entropy' })].map((x) => Math.round(x * 100)),
    [0, 69],
  );
});
