/** What the selection kernels promise while they run: progress, quick aborts, no reading of lost memory. */
import { performance } from 'node:perf_hooks';
import test from 'ava';
import {
  allocMatrix,
  type AsyncOptions,
  DetachedError,
  matrix,
  type MatrixView,
  type Progress,
  runtimeInfo,
} from '../../src/index.js';
import { implementations, type Kernels } from '../helpers/implementations.js';

/** Rows on shared memory, made without much arithmetic. */
function scattered(rows: number, cols: number): MatrixView {
  const view = allocMatrix(rows, cols);
  for (let i = 0; i < view.data.length; i++) view.data[i] = (Math.imul(i + 1, 0x9e3779b1) >>> 8) / 2 ** 24;
  return view;
}

function even(rows: number): MatrixView {
  const view = allocMatrix(rows, 4);
  view.data.fill(0.25);
  return view;
}

type Call = (options: AsyncOptions) => Promise<{ indices: Uint32Array }>;

function callsOn(kernels: Kernels, points: MatrixView, k: number): Call[] {
  const probs = even(points.rows);
  return [
    (options) => kernels.kCenterGreedy(points, k, options),
    (options) => kernels.kMeansPlusPlus(points, k, options),
    (options) => kernels.badge(probs, points, k, options),
  ];
}

/** Enough work for half a second; the reference is a hundred times slower than the addon. */
function workFor(kernels: Kernels, name: string): Call[] {
  const isFast = name === 'querent' && runtimeInfo().addon !== null;
  return isFast ? callsOn(kernels, scattered(60_000, 64), 3000) : callsOn(kernels, scattered(3000, 16), 300);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function transfer(view: MatrixView): void {
  const { buffer } = view.data;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

test.serial('progress rises to the end', async (t) => {
  for (const [name, kernels] of implementations) {
    for (const call of workFor(kernels, name)) {
      const seen: Progress[] = [];
      const { indices } = await call({ onProgress: (progress) => void seen.push(progress) });
      t.true(seen.length > 1, `${name}: ${seen.length}`);
      t.true(seen.every(({ done }, i) => done > (seen[i - 1]?.done ?? -1)));
      t.true(seen.every(({ total }) => total === indices.length));
      t.is(seen.at(-1)?.done, indices.length);
    }
    const none: Progress[] = [];
    await kernels.kCenterGreedy([[1], [2]], 0, { onProgress: (progress) => void none.push(progress) });
    t.deepEqual(none, [{ done: 0, total: 0 }]);
  }
});

test.serial('an abort is heard before and during the work', async (t) => {
  for (const [name, kernels] of implementations) {
    const latencies: number[] = [];
    for (const call of workFor(kernels, name)) {
      const reason = new Error('enough');
      await t.throwsAsync(call({ signal: AbortSignal.abort(reason) }), { is: reason }, name);
      const controller = new AbortController();
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort(reason);
      }, 30);
      t.is(await t.throwsAsync(call({ signal: controller.signal }), undefined, name), reason);
      latencies.push(performance.now() - aborted);
    }
    t.log(`${name}: rejected ${latencies.map((ms) => ms.toFixed(1)).join(', ')} ms after the abort`);
    t.true(Math.max(...latencies) < 250, latencies.join());
  }
});

test.serial('after an abort the work itself ends, too', async (t) => {
  for (const [name, kernels] of implementations) {
    const [call] = workFor(kernels, name) as [Call];
    const timed = async (): Promise<number> => {
      const start = performance.now();
      await kernels.kCenterGreedy([[0], [1], [5]], 2);
      return performance.now() - start;
    };
    const controllers = Array.from({ length: 8 }, () => new AbortController());
    const calls = controllers.map(({ signal }) => call({ signal }).catch(() => undefined));
    await turn();
    controllers.forEach((controller) => controller.abort());
    await Promise.all(calls);
    const ms = await timed();
    t.true(ms < 300, `${name}: ${ms} ms`); // eight calls that went on would stand in the queue before this one
  }
});

test.serial('an error thrown by onProgress ends the call', async (t) => {
  for (const [name, kernels] of implementations) {
    const onProgress = (): never => {
      throw new Error('from onProgress');
    };
    for (const call of workFor(kernels, name)) {
      await t.throwsAsync(call({ onProgress }), { message: 'from onProgress' }, name);
    }
  }
});

/** The longest time that a timer of 5 ms has to wait while `call` runs. */
async function longestWait(call: Call): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  await call({});
  clearInterval(timer);
  return longest;
}

test.serial('the event loop gets its turns', async (t) => {
  for (const [name, kernels] of implementations) {
    for (const call of workFor(kernels, name)) {
      // a neighbour on the same cores can hold up any process: one quiet run of three is proof enough
      const waits: number[] = [];
      while (waits.length < 3 && Math.min(...waits) >= 100) waits.push(await longestWait(call));
      t.true(Math.min(...waits) < 100, `${name}: ${waits.join()} ms`);
    }
  }
});

test.serial('a buffer that is transferred while it is being copied is refused', async (t) => {
  for (const [name, { kCenterGreedy, kMeansPlusPlus, badge }] of implementations) {
    const plain = (): MatrixView => matrix(new Float32Array(8_000_000).fill(0.5), 1_000_000, 8);
    const probs = even(1_000_000);
    const calls = [
      (points: MatrixView) => kCenterGreedy(points, 2),
      (points: MatrixView) => kMeansPlusPlus(points, 2),
      (points: MatrixView) => badge(probs, points, 2),
    ];
    for (const call of calls) {
      const points = plain();
      const running = call(points);
      await turn();
      transfer(points);
      await t.throwsAsync(running, { instanceOf: DetachedError, message: /embeddings was .* during the call/ }, name);
    }
    const points = plain();
    const running = badge(plain(), points, 2, { normalize: 'divide' });
    await turn();
    transfer(points);
    await t.throwsAsync(running, { instanceOf: DetachedError }, name);
  }
});

test.serial('a buffer that is transferred while another input is still awaited is refused', async (t) => {
  for (const [name, { badge }] of implementations) {
    const probs = matrix(new Float32Array(20).fill(0.5), 10, 2);
    const slow = {
      shape: [10, 1],
      dtype: 'float32',
      data: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return new Float32Array(10);
      },
    };
    const running = badge(probs, slow, 2);
    transfer(probs);
    await t.throwsAsync(running, { instanceOf: DetachedError }, name);
  }
});

test.serial('what the caller changes after the call has begun does not reach it', async (t) => {
  for (const [name, { kCenterGreedy }] of implementations) {
    const points = matrix(Float32Array.of(0, 1, 9, 4, 10), 5, 1);
    const labeled = Uint32Array.of(4);
    const running = kCenterGreedy(points, 2, { labeled });
    await turn();
    points.data.fill(3);
    labeled.fill(0);
    t.deepEqual([...(await running).indices], [0, 3], name);
  }
});
