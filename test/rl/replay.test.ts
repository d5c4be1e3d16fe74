import test from 'ava';
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { Random } from '../../src/reference/philox.js';
import { addonTest } from '../helpers/addon.js';

type Buffer = reference.ReplayBuffer<querent.ReplayFields>;
const implementations = [
  ['querent', querent.ReplayBuffer],
  ['querent/reference', reference.ReplayBuffer],
] as const satisfies readonly (readonly [string, new (options: querent.ReplayOptions) => Buffer])[];

const FIELDS = {
  id: { shape: [], dtype: 'i32' },
  pixels: { shape: [2, 3], dtype: 'u8' },
  state: { shape: 3 },
  exact: { shape: 2, dtype: 'f64' },
} as const satisfies querent.ReplayFields;

/** Rows that say in every field which ones they are. */
function rowsFrom(first: number, count: number): querent.ReplayRows<typeof FIELDS> {
  const numbers = (width: number) =>
    Array.from({ length: count * width }, (_, i) => first + Math.floor(i / width) + (i % width) / 4);
  return {
    id: Int32Array.from(numbers(1)),
    pixels: Uint8Array.from(numbers(6)),
    state: Float32Array.from(numbers(3)),
    exact: Float64Array.from(numbers(2)),
  };
}

/** What a buffer does, written down without any cleverness. */
class Model {
  readonly ids: number[] = [];
  readonly stored: number[] = [];
  #next = 0;
  #largest = 1;

  constructor(
    readonly capacity: number,
    readonly alpha: number,
    readonly epsilon: number,
  ) {}

  add(first: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => {
      const at = this.#next;
      this.ids[at] = first + i;
      this.stored[at] = this.#power(this.#largest);
      this.#next = (at + 1) % this.capacity;
      return at;
    });
  }

  update(rows: readonly number[], priorities: readonly number[]): void {
    rows.forEach((row, i) => {
      const size = Math.abs(priorities[i] as number);
      this.stored[row] = this.#power(size);
      this.#largest = Math.max(this.#largest, size);
    });
  }

  #power(size: number): number {
    return size === 0 ? 0 : (size + this.epsilon) ** this.alpha;
  }
}

const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), count: fc.nat(25) }),
  fc.record({
    kind: fc.constant('update' as const),
    count: fc.nat(12),
    seed: fc.nat(1000),
    scale: fc.constantFrom(0, 1e-9, 0.5, 1, 300),
  }),
  fc.record({ kind: fc.constant('sample' as const), n: fc.nat(20), beta: fc.constantFrom(0, 0.4, 1, 3) }),
);
const anyRun = fc.record({
  capacity: fc.integer({ min: 1, max: 70 }),
  alpha: fc.constantFrom(0, 0.3, 0.6, 1, 2),
  epsilon: fc.constantFrom(0, 1e-6, 0.5),
  seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  steps: fc.array(anyStep, { maxLength: 25 }),
});

function checkBatch(model: Model, batch: ReturnType<Buffer['sample']>, beta: number): void {
  const { indices, weights } = batch;
  const total = model.stored.reduce((sum, stored) => sum + stored, 0);
  const wanted = Array.from(indices, (row) => ((model.ids.length * (model.stored[row] as number)) / total) ** -beta);
  const largest = Math.max(...wanted);
  indices.forEach((row, i) => {
    const id = model.ids[row] as number;
    const { pixels, state, exact } = rowsFrom(id, 1) as Record<string, ArrayLike<number>>;
    const same = (name: string, one: ArrayLike<number> | undefined, width: number): void => {
      const got = (batch[name] as ArrayLike<number> & { subarray(a: number, b: number): ArrayLike<number> }).subarray(
        i * width,
        (i + 1) * width,
      );
      if (Array.from(got).join() !== Array.from(one ?? []).join())
        throw new Error(`${name} of row ${row}: ${Array.from(got).join()}`);
    };
    same('id', [id], 1);
    same('pixels', pixels, 6);
    same('state', state, 3);
    same('exact', exact, 2);
    if (!((model.stored[row] as number) > 0)) throw new Error(`drew row ${row} of priority zero`);
    const weight = (wanted[i] as number) / largest;
    if (Math.abs((weights?.[i] as number) - weight) > 2e-6 * weight)
      throw new Error(`weight ${weights?.[i]}, wanted ${weight}`);
  });
}

test('both implementations do what the naive model does, and draw the same', (t) => {
  const property = fc.property(anyRun, ({ capacity, alpha, epsilon, seed, steps }) => {
    const model = new Model(capacity, alpha, epsilon);
    const options = { capacity, fields: FIELDS, prioritized: { alpha, beta: 0.5, epsilon }, seed };
    const buffers = implementations.map(([, ReplayBuffer]) => new ReplayBuffer(options));
    let added = 0;
    for (const step of steps) {
      const { size } = buffers[0] as { size: number };
      if (step.kind === 'add') {
        const rows = model.add(added, step.count);
        for (const buffer of buffers) {
          if (buffer.add(rowsFrom(added, step.count)).join() !== rows.join()) throw new Error('add: other rows');
        }
        added += step.count;
      } else if (step.kind === 'update' && size > 0) {
        const random = new Random(step.seed);
        const rows = Array.from({ length: step.count }, () => random.below(size));
        const priorities = rows.map(() => Math.max(-0.3, random.float() - 0.5) * step.scale);
        model.update(rows, priorities);
        for (const buffer of buffers) buffer.updatePriorities(Uint32Array.from(rows), Float64Array.from(priorities));
      } else if (step.kind === 'sample' && model.stored.some((stored) => stored > 0)) {
        const [one, two] = buffers.map((buffer) => buffer.sample(step.n, { beta: step.beta }));
        checkBatch(model, one as never, step.beta);
        if (JSON.stringify(one) !== JSON.stringify(two)) throw new Error('the implementations differ');
      }
      if (buffers.some((buffer) => buffer.size !== model.ids.length)) throw new Error('size');
    }
    return true;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 150 }));
});

test('uniform buffers draw the same rows in both implementations, all alike, and have no weights', (t) => {
  const [a, b] = implementations.map(([, ReplayBuffer]) => {
    const buffer = new ReplayBuffer({ capacity: 12, fields: FIELDS, seed: -1 });
    buffer.add(rowsFrom(0, 30));
    return Array.from({ length: 200 }, () => buffer.sample(60));
  });
  t.deepEqual(a, b as never);
  const counts = new Float64Array(12);
  for (const batch of a ?? []) {
    t.false('weights' in batch);
    for (const row of batch.indices) counts[row]! += 1;
    batch.indices.forEach((row, i) => {
      if (batch.id[i] !== 18 + ((row + 6) % 12)) t.fail(`row ${row} holds ${batch.id[i]}`);
    });
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  t.true(chiSquare < 38, `${chiSquare}`); // 11 degrees of freedom: beyond the 99.99 % point
});

for (const [name, ReplayBuffer] of implementations) {
  test(`${name}: draws follow the priorities, pairs of draws are independent`, (t) => {
    const buffer = new ReplayBuffer({
      capacity: 10,
      fields: { x: { shape: [] } },
      prioritized: { alpha: 1, beta: 1, epsilon: 0 },
    });
    const priorities = [1, 0, 2, 5, 0.5, 0, 3, 8, 1, 4];
    buffer.updatePriorities(buffer.add({ x: priorities }), priorities);
    const total = priorities.reduce((sum, priority) => sum + priority, 0);
    const counts = new Float64Array(10);
    const pairs = new Float64Array(100);
    const n = 20_000;
    let before = 0;
    for (let call = 0; call < n / 50; call++) {
      for (const row of buffer.sample(50).indices) {
        counts[row]! += 1;
        pairs[before * 10 + row]! += 1;
        before = row;
      }
    }
    t.is(counts[1]! + counts[5]!, 0);
    const chiSquare = (got: Float64Array, wanted: (i: number) => number): number =>
      got.reduce((sum, count, i) => (wanted(i) === 0 ? sum : sum + (count - wanted(i)) ** 2 / wanted(i)), 0);
    const share = (row: number): number => (priorities[row] as number) / total;
    t.true(chiSquare(counts, (i) => n * share(i)) < 31, 'beyond the 99.99 % point of 7 degrees of freedom');
    t.true(chiSquare(pairs, (i) => n * share(Math.floor(i / 10)) * share(i % 10)) < 114, '63 degrees of freedom');
  });

  test(`${name}: what was overwritten loses its priority; new rows get the largest so far, 1 at the start`, (t) => {
    const buffer = new ReplayBuffer({
      capacity: 4,
      fields: { x: { shape: [] } },
      prioritized: { alpha: 1, beta: 1, epsilon: 0 },
    });
    const weightOf = (row: number): number => {
      for (;;) {
        const { indices, weights } = buffer.sample(64);
        if (indices.includes(row)) return weights?.[indices.indexOf(row)] as number;
      }
    };
    t.deepEqual([...buffer.add({ x: [0, 1, 2, 3] })], [0, 1, 2, 3]);
    buffer.updatePriorities([0, 1, 2, 3], [0.25, 0, 0, 0]);
    t.true(buffer.sample(100).indices.every((row) => row === 0));
    t.deepEqual([...buffer.add({ x: 4 })], [0]); // 1 again, not 0.25
    buffer.updatePriorities([1], [0.5]);
    t.is(weightOf(0), 0.5);
    buffer.updatePriorities([0, 0], [-8, 0.5]); // the last one counts, but 8 has been seen
    t.deepEqual([...buffer.add({ x: [5, 6, 7, 8, 9] })], [1, 2, 3, 0, 1]);
    t.is(weightOf(0), 1);
    t.deepEqual([...buffer.sample(3, { beta: 0 }).weights!], [1, 1, 1]);
    buffer.updatePriorities([0], [2]);
    t.is(weightOf(1), 0.25);
    t.is(buffer.size, 4);
    t.is(buffer.capacity, 4);
  });

  test(`${name}: a draw depends on the seed and the number of calls before, not on the sizes of those`, (t) => {
    const draw = (seed: number | bigint, sizes: number[]): string[] => {
      const buffer = new ReplayBuffer({ capacity: 1000, fields: { x: { shape: [] } }, seed });
      buffer.add({ x: new Float32Array(1000) });
      return sizes.map((n) => buffer.sample(n).indices.join());
    };
    const [first, second] = draw(7, [5, 8]);
    t.deepEqual(draw(7n, [9, 8])[1], second);
    t.true(draw(7, [9])[0]?.startsWith(`${first},`));
    t.not(draw(8, [5])[0], first);
    t.not(first, draw(7, [5, 5])[1]);
  });

  test(`${name}: n-step windows by hand`, (t) => {
    const buffer = new ReplayBuffer({
      capacity: 8,
      fields: {
        obs: { shape: [], dtype: 'i32' },
        reward: { shape: [] },
        next: { shape: [], dtype: 'i32' },
        done: { shape: [], dtype: 'u8' },
        cut: { shape: [] },
      },
      nStep: { steps: 3, discount: 0.5, reward: 'reward', done: 'done', next: ['next'], truncated: 'cut' },
    });
    // steps 0 1 2 3(done) | 4 5(cut) | 6 7 8 9, of which 8 and 9 overwrite 0 and 1
    const step = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    buffer.add({
      obs: step,
      reward: step.map((s) => 2 ** s),
      next: step.map((s) => s + 1),
      done: step.map((s) => Number(s === 3)),
      cut: step.map((s) => (s === 5 ? -0.5 : -0)),
    });
    const windows: Record<number, [number, number, number, number, number]> = {
      // obs: reward, next, done, cut, discounts
      2: [4 + 4, 4, 1, 0, 0.25],
      3: [8, 4, 1, 0, 0.5],
      4: [16 + 16, 6, 0, -0.5, 0.25],
      5: [32, 6, 0, -0.5, 0.5],
      6: [64 * 3, 9, 0, 0, 0.125], // crosses the end of the ring
      7: [128 * 3, 10, 0, 0, 0.125],
      8: [256 + 256, 10, 0, 0, 0.25], // the newest rows: shorter windows, never into the oldest
      9: [512, 10, 0, 0, 0.5],
    };
    const batch = buffer.sample(200);
    const seen = new Set<number>();
    batch.obs.forEach((obs, i) => {
      seen.add(obs);
      const got = [batch.reward[i], batch.next[i], batch.done[i], (batch.cut[i] as number) + 0, batch.discounts?.[i]];
      t.deepEqual(got, windows[obs], `window from ${obs}`);
    });
    t.is(seen.size, 8);
  });

  test(`${name}: rewards of several numbers, f64, with priorities`, (t) => {
    const buffer = new ReplayBuffer({
      capacity: 3,
      fields: { r: { shape: 2, dtype: 'f64' }, done: { shape: 1, dtype: 'f64' } },
      prioritized: { alpha: 0.5, beta: 0.5 },
      nStep: { steps: 2, discount: 0.1, reward: 'r', done: 'done', next: [] },
    });
    buffer.add({ r: [1, 2, 3, 4, 5, 6], done: [0, 0, 0] });
    buffer.updatePriorities([0, 1, 2], [1, 0, 0]);
    const { r, discounts, weights } = buffer.sample(2);
    t.deepEqual([...r], [1 + 0.1 * 3, 2 + 0.1 * 4, 1 + 0.1 * 3, 2 + 0.1 * 4]);
    t.deepEqual([...discounts!], [Math.fround(0.1 * 0.1), Math.fround(0.1 * 0.1)]);
    t.deepEqual([...weights!], [1, 1]);
  });

  test(`${name}: wrong options are named`, (t) => {
    const make = (options: object) => () => new ReplayBuffer(options as querent.ReplayOptions);
    const x = { x: { shape: [] } };
    const cases: [object, RegExp][] = [
      [{ capacity: 0, fields: x }, /whole number from 1 to 4294967294 for capacity, got 0/],
      [{ capacity: 1.5, fields: x }, /for capacity, got 1.5/],
      [{ capacity: 1 }, /one entry per field for fields, got undefined/],
      [{ capacity: 1, fields: {} }, /one entry per field for fields, got an empty object/],
      [{ capacity: 1, fields: { weights: { shape: [] } } }, /a name other than .* got 'weights'/],
      [{ capacity: 1, fields: { x: 4 } }, /\{ shape, dtype\? \} for fields.x, got 4/],
      [{ capacity: 1, fields: { x: { shape: [2, 0] } } }, /for fields.x.shape\[1\], got 0/],
      [{ capacity: 1, fields: { x: { shape: [5000, 5000] } } }, /for the product of fields.x.shape, got 25000000/],
      [{ capacity: 1, fields: { x: { dtype: 'f32' } } }, /for fields.x.shape, got undefined/],
      [{ capacity: 1, fields: { x: { shape: [], dtype: 'i64' } } }, /for fields.x.dtype, got 'i64'/],
      [{ capacity: 1, fields: { x: { shape: [], type: 'f32' } } }, /only the options shape, dtype, got 'type'/],
      [{ capacity: 1, fields: x, prioritised: {} }, /only the options capacity, .* got 'prioritised'/],
      [{ capacity: 1, fields: x, prioritized: { alpha: 1 } }, /for prioritized.beta, got undefined/],
      [{ capacity: 1, fields: x, prioritized: { alpha: NaN, beta: 1 } }, /from 0 to 10 for prioritized.alpha, got NaN/],
      [
        { capacity: 1, fields: x, prioritized: { alpha: 1, beta: -1 } },
        /finite number >= 0 for prioritized.beta, got -1/,
      ],
      [{ capacity: 1, fields: x, prioritized: { alpha: 1, beta: 1, epsilon: -1 } }, /for prioritized.epsilon, got -1/],
      [{ capacity: 1, fields: x, seed: 0.5 }, /for seed, got 0.5/],
      [{ capacity: 1, fields: x, nStep: { steps: 0 } }, /for nStep.steps, got 0/],
      [{ capacity: 1, fields: x, nStep: { steps: 1, discount: 2 } }, /for nStep.discount, got 2/],
      [{ capacity: 1, fields: x, nStep: { steps: 1, discount: 1, reward: 'y' } }, /'x' for nStep.reward, got 'y'/],
    ];
    for (const [options, message] of cases) t.throws(make(options), { code: 'ERR_QUERENT_ARGUMENT', message });
    const fields = { r: { shape: [] }, d: { shape: [], dtype: 'u8' }, s: { shape: 3 }, n: { shape: [], dtype: 'i8' } };
    const nStep = { steps: 2, discount: 1, reward: 'r', done: 'd', next: ['s'] };
    const wrong: [object, RegExp][] = [
      [{ reward: 'n' }, /an f32 or f64 field for nStep.reward, got 'n'/],
      [{ done: 's' }, /one number a row, not f16 or bf16 for nStep.done, got 's'/],
      [{ truncated: 's' }, /for nStep.truncated, got 's'/],
      [{ next: 's' }, /an array of field names for nStep.next, got 's'/],
      [{ next: ['q'] }, /for nStep.next\[0\], got 'q'/],
      [{ next: ['r'] }, /other than the reward for nStep.next/],
      [{ done: 'r' }, /other than done and truncated for nStep.reward/],
    ];
    for (const [change, message] of wrong)
      t.throws(make({ capacity: 9, fields, nStep: { ...nStep, ...change } }), { message });
    t.throws(make({ capacity: 2 ** 32 - 2, fields: { x: { shape: 2 ** 24, dtype: 'f64' } } }), {
      code: 'ERR_QUERENT_SHAPE',
      message: /fits into memory, got 4294967294 rows of 134217728 bytes/,
    });
  });

  test(`${name}: wrong rows and priorities are refused and change nothing`, (t) => {
    const fields = { x: { shape: 2 }, n: { shape: [], dtype: 'u8' } } as const;
    const buffer = new ReplayBuffer({ capacity: 8, fields, prioritized: { alpha: 2, beta: 1, epsilon: 0 } });
    t.throws(() => buffer.sample(1), { code: 'ERR_QUERENT_SHAPE', message: /to draw 1 from, got an empty one/ });
    t.is(buffer.sample(0).indices.length, 0);
    const add = (rows: object) => () => buffer.add(rows as querent.ReplayRows<typeof fields>);
    const gone = new Float32Array(4);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    const cases: [object | null, RegExp, string?][] = [
      [null, /an object of fields for rows, got null/],
      [{ x: new Float32Array(2) }, /a Uint8Array \(dtype u8\) for n, got undefined/],
      [{ x: new Float64Array(2), n: [1] }, /a Float32Array \(dtype f32\) for x, got Float64Array\(2\)/],
      [{ x: new Float32Array(2), n: [1], y: 1 }, /only the fields x, n, got 'y'/],
      [{ x: new Float32Array(3), n: [1] }, /whole rows of 2 for x, got 3 numbers/, 'SHAPE'],
      [{ x: new Float32Array(4), n: [1] }, /as many rows as x has \(2\) for n, got 1/, 'SHAPE'],
      [{ x: [1, 2], n: [256] }, /whole numbers that fit u8 for n\[0\], got 256/],
      [{ x: [1, 2], n: [-1] }, /for n\[0\], got -1/],
      [{ x: [1, '2'], n: [1] }, /numbers for x\[1\], got '2'/],
      [{ x: gone, n: [1, 2] }, /buffer of x was detached/, 'DETACHED'],
    ];
    for (const [rows, message, code = 'ARGUMENT'] of cases) {
      t.throws(add(rows as object), { message, code: `ERR_QUERENT_${code}` });
    }
    t.is(buffer.size, 0);
    buffer.add({ x: [1, 2, 3, 4, 5, 6], n: [1, 2, 3] });
    t.is(buffer.add({ x: [], n: [] }).length, 0);
    buffer.updatePriorities([0, 1, 2], [1, 0, 0]);
    const update = (rows: unknown, priorities: unknown) => () =>
      buffer.updatePriorities(rows as never, priorities as never);
    const refused: [unknown, unknown, RegExp, string][] = [
      [[1, 2], [3, NaN], /finite numbers for priorities, got NaN at 1/, 'VALUE'],
      [[1], Float32Array.of(-Infinity), /got -Infinity at 0/, 'VALUE'],
      [[1, 2], [3, 1e200], /\(\|priority\| \+ epsilon\)\^alpha of at most 2\^960, got 1e\+200 at 1/, 'VALUE'],
      [[1, 3], [1, 1], /rows below 3 for indices\[1\], got 3/, 'ARGUMENT'],
      [Uint32Array.of(1, 7), [1, 1], /rows below 3 for indices\[1\], got 7/, 'ARGUMENT'],
      [[0.5], [1], /rows below 3 for indices\[0\], got 0.5/, 'ARGUMENT'],
      [Int32Array.of(1), [1], /a Uint32Array for indices, got Int32Array\(1\)/, 'ARGUMENT'],
      [[1, 2], [1], /one priority per row \(2\), got 1/, 'SHAPE'],
      [[1], 'x', /for priorities, got 'x'/, 'ARGUMENT'],
      [[1], ['x'], /numbers for priorities\[0\], got 'x'/, 'ARGUMENT'],
      [[1, 2], gone, /buffer of priorities was detached/, 'DETACHED'],
    ];
    for (const [rows, priorities, message, code] of refused) {
      t.throws(update(rows, priorities), { message, code: `ERR_QUERENT_${code}` });
    }
    t.true(
      buffer.sample(50).indices.every((row) => row === 0),
      'nothing of it was stored',
    );
    t.throws(() => buffer.sample(1, { beta: -1 }), { code: 'ERR_QUERENT_ARGUMENT', message: /for beta, got -1/ });
    t.throws(() => buffer.sample(-1), { code: 'ERR_QUERENT_ARGUMENT' });
    t.throws(() => buffer.sample(1, { gamma: 1 } as never), { message: /only the options beta, got 'gamma'/ });
    buffer.updatePriorities([0], [0]);
    t.throws(() => buffer.sample(4), {
      code: 'ERR_QUERENT_SHAPE',
      message: /to draw 4 rows by, got 3 rows of priority zero/,
    });
    const alike = new ReplayBuffer({ capacity: 1, fields });
    t.throws(() => alike.updatePriorities([], []), { message: /made with the option prioritized/ });
    t.throws(() => alike.sample(1, { beta: 1 }), { message: /beta for prioritised buffers only, got 1/ });
  });
}

addonTest('every CPU level stores, draws and weighs the same bits', (t) => {
  const wanted = new Set<string>();
  for (const level of querent.runtimeInfo().levels) {
    querent.setLevel(level);
    const buffer = new querent.ReplayBuffer({ capacity: 500, fields: FIELDS, prioritized: { alpha: 0.7, beta: 0.3 } });
    const random = new Random(3);
    const parts: unknown[] = [];
    for (let round = 0; round < 20; round++) {
      const rows = buffer.add(rowsFrom(round * 60, 60));
      buffer.updatePriorities(
        rows,
        Float32Array.from(rows, () => random.normal()),
      );
      parts.push(buffer.sample(45));
    }
    wanted.add(JSON.stringify(parts));
  }
  querent.setLevel('auto');
  t.is(wanted.size, 1);
});

addonTest('memory that is not used costs nothing', (t) => {
  const before = process.memoryUsage().rss;
  const buffer = new querent.ReplayBuffer({
    capacity: 2 ** 20,
    fields: { image: { shape: [84, 84], dtype: 'u8' } },
    prioritized: { alpha: 0.6, beta: 0.4 },
  });
  buffer.add({ image: new Uint8Array(84 * 84 * 10) });
  t.is(buffer.sample(4).image.length, 4 * 84 * 84);
  t.true(process.memoryUsage().rss - before < 2 ** 27, '7 GB were asked for');
});
