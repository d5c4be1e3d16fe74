/** What asynchronous calls promise beside their results: a free event loop, quick aborts, no reading of lost memory. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import test from 'ava';
import { allocMatrix, DetachedError, matrix, type MatrixView, type Progress, ValueError } from '../../src/index.js';
import * as querent from '../../src/index.js';
import { addonTest } from '../helpers/addon.js';
import { implementations } from '../helpers/implementations.js';

/** Flat predictions: every row [1/C, …], made without arithmetic per element. */
function flat(rows: number, cols: number): MatrixView {
  return matrix(new Float32Array(rows * cols).fill(1 / cols), rows, cols);
}

function transfer(view: MatrixView): void {
  const { buffer } = view.data;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

/** Largest and mean event-loop delay in milliseconds while `call` runs. */
async function loopDelay(call: () => Promise<unknown>): Promise<{ max: number; mean: number; took: number }> {
  const delay = monitorEventLoopDelay({ resolution: 2 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  delay.enable();
  const start = performance.now();
  await call();
  const took = performance.now() - start;
  delay.disable();
  return { max: delay.max / 1e6, mean: delay.mean / 1e6, took };
}

addonTest('the event loop stays free during a score of 1e7 rows', async (t) => {
  const probs = flat(10_000_000, 10);
  // A neighbour on the same cores can hold up any process: one quiet run of three is proof enough.
  const runs: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    const { max, mean, took } = await loopDelay(() => querent.scoreAsync(probs, { method: 'entropy' }));
    runs.push(`${took.toFixed(0)} ms, event-loop delay mean ${mean.toFixed(1)} ms, max ${max.toFixed(1)} ms`);
    if (max < 100 && mean < 10) break;
    if (attempt === 2) t.fail(runs.join('; '));
  }
  t.log(runs.join('; '));
  t.pass();
});

test.serial('progress rises from nothing to everything', async (t) => {
  for (const [name, { scoreAsync, scoreTopKAsync, topKAsync, mcDropoutAsync, committeeAsync }] of implementations) {
    const probs = flat(200_000, 8);
    const samples = probs.data as Float32Array;
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): void => void seen.push(progress);
    const calls: (() => Promise<unknown>)[] = [
      () => scoreAsync(probs, { method: 'entropy', onProgress }),
      () => scoreTopKAsync(probs, 5, { method: 'entropy', onProgress }),
      () => topKAsync(samples, 5, { onProgress }),
      () => mcDropoutAsync(samples, { passes: 4, rows: 50_000, cols: 8, onProgress }),
      () => committeeAsync(samples, { members: 4, rows: 50_000, cols: 8, measure: 'kl', onProgress }),
    ];
    for (const call of calls) {
      seen.length = 0;
      await call();
      t.true(seen.length > 1, name);
      t.true(seen.every(({ done }, i) => done > (seen[i - 1]?.done ?? 0)));
      t.is(seen.at(-1)?.done, seen.at(-1)?.total);
    }
  }
});

test.serial('an abort is heard before, between and during blocks', async (t) => {
  for (const [name, { scoreAsync, scoreTopKAsync, topKAsync, mcDropoutAsync, committeeAsync }] of implementations) {
    const probs = flat(4_000_000, 10);
    const samples = probs.data as Float32Array;
    const sizes = { rows: 1_000_000, cols: 10 };
    const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => scoreAsync(probs, { method: 'entropy', signal }),
      (signal) => scoreTopKAsync(probs, 5, { method: 'entropy', signal }),
      (signal) => topKAsync(samples, 5, { signal }),
      (signal) => mcDropoutAsync(samples, { ...sizes, passes: 4, measures: ['bald', 'mean-std'], signal }),
      (signal) => committeeAsync(samples, { ...sizes, members: 4, measure: 'kl', signal }),
    ];
    const latencies: number[] = [];
    for (const call of calls) {
      const reason = new Error('enough');
      await t.throwsAsync(call(AbortSignal.abort(reason)), { is: reason }, name);
      const controller = new AbortController();
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort(reason);
      }, 3);
      const error = await t.throwsAsync(call(controller.signal), undefined, name);
      latencies.push(performance.now() - aborted);
      t.is(error, reason);
    }
    t.log(`${name}: rejected ${latencies.map((ms) => ms.toFixed(1)).join(', ')} ms after the abort`);
    t.true(Math.max(...latencies) < 500, latencies.join()); // milliseconds when nothing else runs here
  }
});

test.serial('nothing is written to out once the call was aborted', async (t) => {
  const probs = flat(2_000_000, 10);
  for (const [name, { scoreAsync }] of implementations) {
    const out = new Float32Array(2_000_000);
    const controller = new AbortController();
    const call = scoreAsync(probs, { method: 'entropy', out, signal: controller.signal });
    setTimeout(() => controller.abort(), 2);
    await t.throwsAsync(call, { any: true, name: 'AbortError' });
    const before = out.reduce((sum, value) => sum + value, 0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    t.is(
      out.reduce((sum, value) => sum + value, 0),
      before,
      name,
    );
  }
});

test.serial('an error thrown by onProgress ends the call', async (t) => {
  for (const [, { scoreAsync }] of implementations) {
    const failing = (): never => {
      throw new Error('from onProgress');
    };
    const probs = flat(300_000, 10);
    await t.throwsAsync(scoreAsync(probs, { method: 'entropy', onProgress: failing }), { message: 'from onProgress' });
  }
});

test.serial('a buffer that was transferred is refused, also in mid-call', async (t) => {
  for (const [name, { scoreAsync, scoreTopKAsync, mcDropoutAsync, topKAsync }] of implementations) {
    const lost = flat(10, 2);
    transfer(lost);
    await t.throwsAsync(scoreAsync(lost, { method: 'entropy' }), { instanceOf: DetachedError });
    const calls: ((probs: MatrixView, onProgress: () => void) => Promise<unknown>)[] = [
      (probs, onProgress) => scoreAsync(probs, { method: 'entropy', onProgress }),
      (probs, onProgress) => scoreTopKAsync(probs, 5, { method: 'entropy', onProgress }),
      (probs, onProgress) => topKAsync(probs.data as Float32Array, 5, { onProgress }),
      (probs, onProgress) =>
        mcDropoutAsync(probs.data as Float32Array, { passes: 4, rows: 500_000, cols: 10, onProgress }),
    ];
    for (const call of calls) {
      const probs = flat(2_000_000, 10);
      let isLost = false;
      const onProgress = (): void => {
        if (!isLost) transfer(probs);
        isLost = true;
      };
      await t.throwsAsync(call(probs, onProgress), { instanceOf: DetachedError, message: /during the call/ }, name);
    }
  }
});

test.serial('a buffer that shrinks, or an out that is transferred, in mid-call is refused', async (t) => {
  const Resizable = ArrayBuffer as unknown as new (
    bytes: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & {
    resize(bytes: number): void;
  };
  for (const [name, { scoreAsync }] of implementations) {
    const bytes = 2_000_000 * 10 * 4;
    const buffer = new Resizable(bytes, { maxByteLength: bytes });
    const probs = matrix(new Float32Array(buffer).fill(0.1), 2_000_000, 10);
    const shrink = (): void => buffer.resize(64);
    await t.throwsAsync(
      scoreAsync(probs, { method: 'entropy', onProgress: shrink }),
      { instanceOf: DetachedError },
      name,
    );
    const whole = flat(2_000_000, 10);
    const out = new Float32Array(2_000_000);
    let isLost = false;
    const lose = (): void => {
      if (!isLost) structuredClone(out.buffer, { transfer: [out.buffer] });
      isLost = true;
    };
    await t.throwsAsync(
      scoreAsync(whole, { method: 'entropy', out, onProgress: lose }),
      { instanceOf: DetachedError },
      name,
    );
  }
});

test.serial('memory is taken as it was when its block was handed over', async (t) => {
  for (const [name, { scoreAsync }] of implementations) {
    const probs = flat(64, 10);
    const call = scoreAsync(probs, { method: 'entropy' });
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    transfer(probs);
    const scores = await call.catch((error: unknown) => error);
    const isRight =
      scores instanceof DetachedError || (scores as Float32Array).every((h) => h === Math.fround(Math.log(10)));
    t.true(isRight, `${name}: ${String(scores)}`);
  }
});

test.serial('the first invalid row is named, wherever its block ends up', async (t) => {
  for (const [name, { scoreAsync, scoreTopKAsync }] of implementations) {
    const probs = allocMatrix(400_000, 10);
    probs.data.fill(0.1);
    for (const row of [399_999, 250_001, 130_002]) probs.data[row * 10 + 3] = NaN;
    const message = /row 130002 is not usable: its probability of class 3 is NaN/;
    await t.throwsAsync(scoreAsync(probs, { method: 'entropy' }), { instanceOf: ValueError, message }, name);
    await t.throwsAsync(scoreTopKAsync(probs, 3, { method: 'entropy' }), { instanceOf: ValueError, message }, name);
    const scores = await scoreAsync(probs, { method: 'entropy', onInvalid: 'exclude' });
    t.is(
      scores.reduce((count, value) => count + Number(Number.isNaN(value)), 0),
      3,
    );
    const best = await scoreTopKAsync(probs, 399_997, { method: 'entropy', onInvalid: 'exclude' });
    t.false(best.indices.includes(130_002));
    await t.throwsAsync(scoreTopKAsync(probs, 399_998, { method: 'entropy', onInvalid: 'exclude' }), {
      code: 'ERR_QUERENT_SHAPE',
    });
  }
});

test.serial('wrong arguments reject, they do not throw', async (t) => {
  for (const [, { scoreAsync, topKAsync, committeeAsync, mcDropoutAsync }] of implementations) {
    const calls = [
      () => scoreAsync(null as never, { method: 'entropy' }),
      () => scoreAsync(flat(1, 2), { method: 'entropy', signal: 3 as never }),
      () => scoreAsync(flat(1, 2), { method: 'entropy', onProgress: 'loud' as never }),
      () => scoreAsync(flat(1, 2), undefined as never),
      () => topKAsync([1, 2] as never, 1),
      () => committeeAsync(new Uint8Array(1), undefined as never),
      () => mcDropoutAsync(new Float32Array(3), undefined as never),
    ];
    for (const call of calls) await t.throwsAsync(call(), { code: 'ERR_QUERENT_ARGUMENT' });
  }
});
