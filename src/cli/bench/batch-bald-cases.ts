/** BatchBALD over predictions of T passes that agree more or less. */
import { allocMatrix, batchBald, type BatchBaldResult } from '../../index.js';
import { JS_LOOP, least, OURS, type BenchCase, type Gate } from './case.js';
import { uniformSource } from './data.js';
import { timed, timedAsync, type Runner } from './measure.js';
import { batchBaldLoop } from './plain-batch-bald.js';

const REDUX = 'batchbald_redux (torch, f32)';
const PASSES = 20;
const ROWS = 1000;
const COLS = 10;

/** Softmax of a row's own logits plus what each pass adds to them; samples [T, N, C]. */
function fillPasses(data: Float32Array, passes: number, rows: number, cols: number, seed: number): void {
  const next = uniformSource(seed);
  const logits = Float64Array.from({ length: rows * cols }, () => 6 * next());
  for (let row = 0; row < passes * rows; row++) {
    let sum = 0;
    for (let c = 0; c < cols; c++) {
      const weight = Math.exp((logits[(row % rows) * cols + c] as number) + 2 * next());
      data[row * cols + c] = weight;
      sum += weight;
    }
    for (let c = 0; c < cols; c++) data[row * cols + c] = (data[row * cols + c] as number) / sum;
  }
}

interface Wish {
  readonly id: string;
  readonly title: string;
  readonly k: number;
  readonly gates: readonly Gate[];
  /** Rounds of the slow peers. */
  readonly rounds: number;
  readonly tolerance: number;
  readonly loop: boolean;
}

function batchBaldCase({ id, title, k, gates, rounds, tolerance, loop }: Wish): BenchCase {
  return {
    id,
    title: `BatchBALD, ${k} of ${ROWS} rows, T=${PASSES}, C=${COLS}, ${title}, one thread`,
    gates,
    memory: true,
    tolerance,
    async prepare(context) {
      const rows = context.scaled(ROWS);
      const data = allocMatrix(PASSES * rows, COLS).data as Float32Array;
      fillPasses(data, PASSES, rows, COLS, 7);
      await context.share('samples', data, [PASSES, rows, COLS]);
      await context.shareNumber('k', k);
      const options = { passes: PASSES, rows, cols: COLS, threads: 1 };
      const score = ({ scores }: BatchBaldResult): number => scores[k - 1] as number;
      const plain = (): number => batchBaldLoop(data, PASSES, rows, COLS, k);
      const inJs: Runner = { name: JS_LOOP, rounds: 1, run: () => timed(plain, (value) => value) };
      const runners = [
        { name: OURS, run: () => timedAsync(() => batchBald(data, k, options), score) },
        ...(loop ? [inJs] : []),
        ...(await context.peers({ name: REDUX, rounds })),
      ];
      return { runners, bytes: data.byteLength, elements: data.length };
    },
  };
}

export const BATCH_BALD_CASES: readonly BenchCase[] = [
  batchBaldCase({
    id: 'batch-bald-exact',
    title: 'all configurations',
    k: 5,
    gates: [least(REDUX, OURS, 25)],
    rounds: 3,
    tolerance: 1e-3,
    loop: true,
  }),
  batchBaldCase({
    id: 'batch-bald-sampled',
    title: '10000 sampled configurations from the sixth pick on',
    k: 8,
    gates: [least(REDUX, OURS, 25)],
    rounds: 1,
    tolerance: 0.05, // each samples its own
    loop: false,
  }),
];
