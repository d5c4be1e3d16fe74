/** Begins or goes on with the long run in a folder, writing every round down before its snapshot. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ActiveLearner } from '../../../src/index.js';
import { appendJsonLine } from '../../../src/pool/atomic.js';
import { CentroidModel } from '../centroid-model.js';
import { around, LIMITS, longLearner, plain } from '../long-run.js';

const dir = process.argv[2] as string;
const PAUSE_MS = 25;
const begun = existsSync(join(dir, 'querent-learner.json'));
const learner = begun
  ? await ActiveLearner.restore(dir, { ...around(PAUSE_MS), model: CentroidModel })
  : longLearner(PAUSE_MS);
process.stdout.write('ready\n');
const { stop } = await learner.run({
  ...LIMITS,
  onRound: async (round) => {
    await appendJsonLine(`${dir}.jsonl`, plain(round) as object);
    await learner.snapshot(dir);
  },
});
process.stdout.write(`${stop}\n`);
