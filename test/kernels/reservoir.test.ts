import test from 'ava';
import { reservoirSample } from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { Random } from '../../src/reference/philox.js';

function* count(n: number): Generator<number> {
  for (let i = 0; i < n; i++) yield i;
}

async function* countAsync(n: number): AsyncGenerator<number> {
  for (let i = 0; i < n; i++) {
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield i;
  }
}

test('the items of a stream, where they stood, in its order; iterable or async, the seed decides', async (t) => {
  const { items, positions } = await reservoirSample(count(1000), 20, { seed: 5 });
  t.deepEqual(items, positions);
  t.is(new Set(positions).size, 20);
  t.deepEqual(
    positions,
    [...positions].sort((a, b) => a - b),
  );
  t.deepEqual((await reservoirSample(countAsync(1000), 20, { seed: 5n })).positions, positions);
  t.deepEqual((await reservoirSample(Array.from(count(1000), String), 20, { seed: 5 })).items, positions.map(String));
  t.notDeepEqual((await reservoirSample(count(1000), 20, { seed: 6 })).positions, positions);
  t.deepEqual((await reservoirSample(count(20), 20)).positions, [...count(20)]);
  t.is(reference.reservoirSample, reservoirSample);
});

test('the same seeds give these positions on every machine', async (t) => {
  t.deepEqual((await reservoirSample(count(100_000), 5, { seed: 1 })).positions, [27035, 41397, 49424, 55842, 72947]);
  t.deepEqual(
    (await reservoirSample(count(2000), 5, { seed: 1, weights: (i) => 1 + (i % 7) })).positions,
    [278, 349, 1354, 1378, 1506],
  );
});

test('every item has the same chance, also deep in the stream', async (t) => {
  const [n, k, draws] = [40, 6, 6000];
  const counts = new Float64Array(n);
  for (let seed = 0; seed < draws; seed++) {
    for (const at of (await reservoirSample(count(n), k, { seed })).positions) counts[at]! += 1;
  }
  // draws without replacement vary less: by 1 - k / n, and the counts sum to a constant
  const expected = (draws * k) / n;
  const chiSquare =
    counts.reduce((sum, got) => sum + (got - expected) ** 2 / expected, 0) / ((1 - k / n) * (n / (n - 1)));
  t.true(chiSquare < 81, `${chiSquare}`); // 39 degrees of freedom: beyond the 99.99 % point
  let upperHalf = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { positions } = await reservoirSample(count(20_000), 50, { seed });
    upperHalf += positions.filter((at) => at >= 10_000).length;
  }
  t.true(Math.abs(upperHalf - 1500) < 4 * Math.sqrt(750), `${upperHalf} of 3000`);
});

/** The chance of every set of k items when they are drawn one after the other by weight. */
function chances(weights: readonly number[], k: number): Map<string, number> {
  const sets = new Map<string, number>();
  const draw = (taken: readonly number[], chance: number): void => {
    if (taken.length === k) {
      const key = [...taken].sort((a, b) => a - b).join();
      sets.set(key, (sets.get(key) ?? 0) + chance);
      return;
    }
    const left = weights.reduce((sum, weight, i) => (taken.includes(i) ? sum : sum + weight), 0);
    weights.forEach((weight, i) => {
      if (weight > 0 && !taken.includes(i)) draw([...taken, i], (chance * weight) / left);
    });
  };
  draw([], 1);
  return sets;
}

test('weighted draws have the chances of drawing one after the other', async (t) => {
  for (const [weights, k] of [
    [[1, 5, 0, 2, 0.3, 8, 1], 3],
    [[1e-9, 2e-9, 3e-9, 1e-9], 2],
    [[10, 1, 1, 1, 1, 1e-3, 4, 2], 1],
  ] as const) {
    const draws = 6000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < draws; seed++) {
      const { positions } = await reservoirSample(count(weights.length), k, { seed, weights });
      counts.set(positions.join(), (counts.get(positions.join()) ?? 0) + 1);
    }
    let chiSquare = 0;
    let cells = 0;
    const wanted = chances(weights, k);
    for (const [set, chance] of wanted) {
      if (chance * draws < 5) continue;
      chiSquare += ((counts.get(set) ?? 0) - chance * draws) ** 2 / (chance * draws);
      cells += 1;
    }
    t.true(
      [...counts.keys()].every((set) => wanted.has(set)),
      'a weight of zero is never drawn',
    );
    t.true(chiSquare < cells - 1 + 4 * Math.sqrt(2 * cells) + 8, `${chiSquare} over ${cells} sets`);
  }
});

test('weights may come from the items, of any size', async (t) => {
  const sizes = [1e-300, 1e300, 5e-324, 1, 1e10];
  const { items } = await reservoirSample(['a', 'b', 'c', 'd', 'e'], 3, { weights: (_, at) => sizes[at] as number });
  t.deepEqual(items, ['b', 'd', 'e']);
  const random = new Random(1);
  const heavy = await reservoirSample(count(50_000), 10, {
    weights: (i) => (i % 1000 === 0 ? 1e6 * random.float() : 1e-9),
  });
  t.true(heavy.positions.every((at) => at % 1000 === 0));
});

test('what cannot be drawn is an error', async (t) => {
  t.deepEqual(await reservoirSample(count(0), 0), { items: [], positions: [] });
  const late = reservoirSample(count(3), 4);
  await t.throwsAsync(late, { code: 'ERR_QUERENT_SHAPE', message: /at most the 3 items of the stream for k, got 4/ });
  await t.throwsAsync(reservoirSample(count(3), 3, { weights: [1, 0, 1] }), {
    message: /the 2 items of positive weight/,
  });
  for (const bad of [-1, NaN, Infinity]) {
    const sample = reservoirSample(count(3), 1, { weights: [1, bad, 1] });
    await t.throwsAsync(sample, { code: 'ERR_QUERENT_VALUE', message: new RegExp(`for weights, got ${bad} at 1`) });
  }
  await t.throwsAsync(reservoirSample(count(3), 1, { weights: [1, 1] }), { message: /got undefined at 2/ });
  await t.throwsAsync(reservoirSample(5 as never, 1), { code: 'ERR_QUERENT_ARGUMENT', message: /for stream, got 5/ });
  await t.throwsAsync(reservoirSample(5 as never, 0), { code: 'ERR_QUERENT_ARGUMENT' });
  await t.throwsAsync(reservoirSample(count(3), -1), { code: 'ERR_QUERENT_ARGUMENT' });
  await t.throwsAsync(reservoirSample(count(3), 1, { weight: 1 } as never), { message: /only the options weights/ });
  await t.throwsAsync(reservoirSample(count(3), 1, { weights: 7 as never }), { message: /for weights, got 7/ });
});

test('an abort ends the wait for an item at once, and a loop that never waits', async (t) => {
  const waiting = new AbortController();
  let closed = false;
  const stuck: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<number>>(() => undefined),
      return: async () => {
        closed = true;
        return { done: true, value: undefined };
      },
    }),
  };
  setTimeout(() => waiting.abort(new Error('enough')), 5);
  await t.throwsAsync(reservoirSample(stuck, 2, { signal: waiting.signal }), { message: 'enough' });
  t.true(closed);
  const busy = new AbortController();
  setTimeout(() => busy.abort(new Error('stop')), 5);
  await t.throwsAsync(reservoirSample(count(Infinity), 2, { signal: busy.signal }), { message: 'stop' });
  await t.throwsAsync(reservoirSample(count(9), 2, { signal: AbortSignal.abort(new Error('before')) }), {
    message: 'before',
  });
});

test('an error of the stream or of a weight reaches the caller, and the stream is closed', async (t) => {
  let closed = 0;
  function* failing(at: number): Generator<number> {
    try {
      for (let i = 0; i < 10; i++) {
        if (i === at) throw new Error('broken');
        yield i;
      }
    } finally {
      closed += 1;
    }
  }
  await t.throwsAsync(reservoirSample(failing(5), 2), { message: 'broken' });
  await t.throwsAsync(reservoirSample(failing(20), 2, { weights: (i) => (i < 4 ? 1 : NaN) }), {
    code: 'ERR_QUERENT_VALUE',
  });
  t.is(closed, 2);
});
