import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { addonTest } from '../helpers/addon.js';
import { firstDifference } from '../helpers/values.js';

interface RowCase {
  readonly gap?: number;
  readonly row: number[];
  readonly entropy: number;
  readonly margin: number;
  readonly 'least-confidence': number;
}
interface PassCase {
  readonly from: 'probabilities' | 'logits';
  readonly gap?: number;
  readonly rows: number[][];
  readonly bald: number;
  readonly 'max-kl': number;
  readonly 'predictive-entropy': number;
  readonly 'expected-entropy': number;
  readonly 'mean-std': number;
  readonly 'mean-variation-ratio': number;
}
interface Golden {
  readonly logits: RowCase[];
  readonly probabilities: RowCase[];
  readonly counts: RowCase[];
  readonly labels: RowCase[];
  readonly passes: PassCase[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/scores.json', import.meta.url), 'utf8')) as Golden;
const METHODS = ['entropy', 'margin', 'least-confidence'] as const;
const MEASURES = ['bald', 'predictive-entropy', 'expected-entropy', 'mean-std', 'mean-variation-ratio'] as const;

type Kernels = Pick<typeof querent, 'score' | 'mcDropout' | 'committee' | 'McDropoutAccumulator'>;

function sameScores(
  t: ExecutionContext,
  kernels: Kernels,
  cases: readonly RowCase[],
  options: Omit<querent.ScoringOptions, 'method'>,
): void {
  for (const Data of [Float32Array, Float64Array]) {
    for (const method of METHODS) {
      for (const item of cases) {
        const rows = new Data(item.row.length).map((_, c) => Math.fround(item.row[c] as number));
        const out = new Data(1);
        kernels.score(querent.matrix(rows, 1, rows.length), { ...options, method, out });
        // in f32, e^z below the smallest normal float counts as 0: each class may lose up to 90 times that
        const vanishing = Data === Float32Array ? 90 * 2 ** -126 * rows.length : 0;
        const problem = firstDifference(out, [item[method]], 2e-6, vanishing);
        t.is(problem, '', `${Data.name} ${method}, C = ${rows.length}, gap ${item.gap ?? 'none'}`);
      }
    }
  }
}

function samePasses(t: ExecutionContext, kernels: Kernels): void {
  for (const item of golden.passes) {
    const [passes, cols] = [item.rows.length, (item.rows[0] as number[]).length];
    const samples = Float32Array.from(item.rows.flat());
    const shared = { from: item.from, rows: 1, cols, normalize: 'none' } as const;
    const label = `T = ${passes}, C = ${cols}, ${item.from}, gap ${item.gap ?? 'none'}`;
    const result = kernels.mcDropout(samples, { ...shared, passes, measures: MEASURES });
    const streaming = new kernels.McDropoutAccumulator(1, cols, {
      from: item.from,
      normalize: 'none',
      measures: MEASURES,
    });
    for (let pass = 0; pass < passes; pass++) {
      streaming.add(querent.matrix(samples.subarray(pass * cols, (pass + 1) * cols), 1, cols));
    }
    const streamed = streaming.result();
    for (const measure of MEASURES) {
      // A standard deviation of probabilities next to one is a difference of rounded numbers: no form of it keeps digits.
      if (measure === 'mean-std' && (item.gap ?? 0) > 10) continue;
      t.is(firstDifference(result[measure], [item[measure]]), '', `${measure}, ${label}`);
      t.is(firstDifference(streamed[measure], [item[measure]]), '', `streaming ${measure}, ${label}`);
    }
    const byMeasure = { kl: item.bald, 'max-kl': item['max-kl'], 'consensus-entropy': item['predictive-entropy'] };
    for (const [measure, wanted] of Object.entries(byMeasure)) {
      const got = kernels.committee(samples, {
        ...shared,
        members: passes,
        measure: measure as querent.CommitteeMeasure,
      });
      t.is(firstDifference(got, [wanted]), '', `committee ${measure}, ${label}`);
    }
  }
}

const suites: readonly (readonly [string, (t: ExecutionContext, kernels: Kernels) => void])[] = [
  [
    'scores from logits keep 2e-6 at confidence gaps 0 to 100',
    (t, k) => sameScores(t, k, golden.logits, { from: 'logits' }),
  ],
  [
    'scores from probabilities agree with 60-digit arithmetic',
    (t, k) => sameScores(t, k, golden.probabilities, { normalize: 'none' }),
  ],
  ['scores of counts divide without cancellation', (t, k) => sameScores(t, k, golden.counts, { normalize: 'divide' })],
  [
    'multilabel scores from logits agree with 60-digit arithmetic',
    (t, k) => sameScores(t, k, golden.labels, { from: 'logits', kind: 'multilabel' }),
  ],
  ['measures over passes agree with 60-digit arithmetic, at once and streaming', samePasses],
];

for (const [title, body] of suites) {
  test(`reference: ${title}`, (t) => body(t, reference));
  addonTest(`native: ${title}`, (t) => body(t, querent));
}
