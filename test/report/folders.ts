import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDataset } from '../../src/index.js';
import { Random } from '../../src/reference/philox.js';

export interface FolderOptions {
  readonly dataset?: string;
  readonly strategies?: readonly string[];
  /** How the configuration lists them, where a label is more than a name. */
  readonly entries?: readonly unknown[];
  readonly learner?: string;
  readonly validation?: number;
  /** Strategies whose picks have no predictions. */
  readonly blind?: readonly string[];
  readonly seeds?: readonly number[];
  readonly rounds?: number;
  readonly batch?: number;
  readonly source?: string;
  /** False: the last round of every run is missing its end. */
  readonly finished?: boolean;
  /** As folders of older versions: no ece, balance, predicted, confidence. */
  readonly old?: boolean;
  readonly picks?: boolean;
  readonly dataDir?: string;
}

const jsonLines = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** A run folder as an experiment on digits leaves it; every strategy is a little better than the one before. */
export async function runFolder(options: FolderOptions = {}): Promise<string> {
  const { dataset = 'digits', strategies = ['random', 'margin'], seeds = [0, 1], rounds = 3, batch = 20 } = options;
  const { source = 'somebody', finished = true, old = false, picks = true, blind = [] } = options;
  const { entries = strategies, learner, validation } = options;
  const dir = await mkdtemp(join(tmpdir(), 'querent-report-'));
  const { pool } = await loadDataset(options.dataDir === undefined ? 'digits' : dataset, { dataDir: options.dataDir });
  const model = { name: 'cnn', hidden: 64 };
  const config = {
    ...{ dataset, model, strategies: entries, seeds, batch, budget: rounds * batch },
    ...(learner !== undefined && { learner }),
    ...(validation !== undefined && { validation }),
  };
  const environment = { querent: '0.1.0', node: 'v20', cpu: 'abacus' };
  const started = '2026-01-02T03:04:05.000Z';
  const manifest = { format: 'querent-run', version: 1, config, environment, started, source };
  await writeFile(join(dir, 'config.json'), JSON.stringify(manifest));
  const roundLines: object[] = [];
  const pickLines: object[] = [];
  for (const [s, strategy] of strategies.entries()) {
    for (const seed of seeds) {
      const balance = new Array<number>(10).fill(0);
      const order = new Random(seed).shuffle(Uint32Array.from({ length: pool.samples.rows }, (_, i) => i));
      for (let round = 0; round < rounds; round++) {
        const from = round === 0 ? 0 : (round + s) * batch; // the first labels are shared
        const indices = [...order.subarray(from, from + batch)];
        const labels = indices.map((index) => pool.labels[index] as number);
        for (const label of labels) balance[label]! += 1;
        const extra = { predicted: labels.map((label, i) => (i % 3 === 0 ? (label + 1) % 10 : label)) };
        const confidence = labels.map((_, i) => 0.3 + (i % 7) / 10);
        const hasModel = round > 0 && !old && !blind.includes(strategy);
        pickLines.push({ strategy, seed, round, indices, labels, ...(hasModel ? { ...extra, confidence } : {}) });
        roundLines.push({
          strategy,
          seed,
          round,
          labels: batch * (round + 1),
          accuracy: 0.95 - 0.25 / (round + 1) + 0.02 * Math.min(s, 2) + 0.01 * seed,
          macroF1: 0.7,
          logLoss: 0.5 - 0.1 * Math.min(round, 4),
          epochs: 3,
          loss: 0.1,
          seconds: { train: 1, score: 0.1, select: 0.01, evaluate: 0.1, ...(learner !== undefined && { learner: 2 }) },
          ...(validation !== undefined && { validationLabels: 270 }),
          ...(old ? {} : { ece: 0.05, balance: [...balance] }),
          ...(round === rounds - 1 && finished ? { stop: 'budget' } : {}),
        });
      }
    }
  }
  await writeFile(join(dir, 'rounds.jsonl'), jsonLines(roundLines));
  if (picks) await writeFile(join(dir, 'picks.jsonl'), jsonLines(pickLines));
  return dir;
}
