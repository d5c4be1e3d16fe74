import { ReplayBuffer } from '../../index.js';
import type { BenchCase } from './cases.js';
import { fillUniform, uniformSource } from './data.js';
import { timed } from './measure.js';
import { gatherRows, PlainReplay } from './plain-replay.js';

const NAME = 'querent';
const JS_LOOP = 'plain JS loop';
const CPPRB = 'cpprb sample + update';

const BATCH = 256;
/** Batches of one run: a single one is too short to be timed. */
const REPEATS = 50;
const ALPHA = 0.6;
const BETA = 0.4;
/** Observation, action, reward, next observation, done. */
const FIELDS = {
  obs: { shape: 4 },
  act: { shape: [] },
  rew: { shape: [] },
  next_obs: { shape: 4 },
  done: { shape: [] },
} as const;
const WIDTHS = [4, 1, 1, 4, 1];
const ROW_BYTES = 44;
/** Rows that are added at a time while a case is set up. */
const CHUNK = 4096;

const prioritisedCase: BenchCase = {
  id: 'replay-prioritised',
  title: `prioritised replay of 2^20 rows: ${REPEATS} times sample ${BATCH} with weights, then update, one thread`,
  gates: [{ of: CPPRB, over: NAME, limit: 10, kind: 'least' }],
  async prepare(context) {
    const capacity = context.scaled(2 ** 20);
    const priorities = new Float32Array(capacity);
    fillUniform(priorities, 5);
    await context.share('priorities', priorities, [capacity]);
    await context.shareNumber('batch', BATCH);
    await context.shareNumber('repeats', REPEATS);
    const ours = new ReplayBuffer({ capacity, fields: FIELDS, prioritized: { alpha: ALPHA, beta: BETA } });
    const plain = new PlainReplay(capacity, WIDTHS, ALPHA, uniformSource(6));
    for (let begin = 0; begin < capacity; begin += CHUNK) {
      const count = Math.min(CHUNK, capacity - begin);
      const numbers = (width: number): Float32Array => new Float32Array(count * width).fill(begin);
      const rows = ours.add({
        obs: numbers(4),
        act: numbers(1),
        rew: numbers(1),
        next_obs: numbers(4),
        done: numbers(1),
      });
      ours.updatePriorities(rows, priorities.subarray(begin, begin + count));
      plain.update(rows, priorities.subarray(begin, begin + count));
    }
    const errors = Array.from({ length: 16 }, (_, i) => {
      const batch = new Float32Array(BATCH);
      fillUniform(batch, 7 + i);
      return batch;
    });
    const repeat = (batch: (errors: Float32Array) => void) => () =>
      timed(() => {
        for (let i = 0; i < REPEATS; i++) batch(errors[i % errors.length] as Float32Array);
      });
    const runners = [
      { name: NAME, run: repeat((error) => ours.updatePriorities(ours.sample(BATCH).indices, error)) },
      { name: JS_LOOP, run: repeat((error) => plain.update(plain.sample(BATCH, BETA).rows, error)) },
      ...(await context.peers(CPPRB)),
    ];
    return { runners, bytes: REPEATS * BATCH * ROW_BYTES, elements: REPEATS * BATCH };
  },
};

const uniformCase: BenchCase = {
  id: 'replay-uniform',
  title: `uniform replay of 2^20 rows of 4 floats: ${REPEATS} times sample ${BATCH}, one thread`,
  gates: [],
  prepare(context) {
    const capacity = context.scaled(2 ** 20);
    const data = new Float32Array(capacity * 4);
    fillUniform(data, 8);
    const ours = new ReplayBuffer({ capacity, fields: { obs: { shape: 4 } } });
    ours.add({ obs: data });
    const random = uniformSource(9);
    const plainSample = (): Float32Array => {
      const rows = new Uint32Array(BATCH);
      for (let i = 0; i < BATCH; i++) rows[i] = random() * capacity;
      return gatherRows(data, 4, rows);
    };
    const repeat = (sample: () => unknown) => () =>
      timed(() => {
        for (let i = 0; i < REPEATS; i++) sample();
      });
    const runners = [
      { name: NAME, run: repeat(() => ours.sample(BATCH)) },
      { name: JS_LOOP, run: repeat(plainSample) },
    ];
    return Promise.resolve({ runners, bytes: REPEATS * BATCH * 16, elements: REPEATS * BATCH });
  },
};

/** Replay buffers. */
export const REPLAY_CASES: readonly BenchCase[] = [prioritisedCase, uniformCase];
