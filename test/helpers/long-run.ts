import { setTimeout as sleep } from 'node:timers/promises';
import {
  ActiveLearner,
  type ActiveLearnerOptions,
  costlyOracle,
  createStrategy,
  noisyOracle,
  type Oracle,
  refusingOracle,
  type Round,
  type RunOptions,
} from '../../src/index.js';
import { blobs } from './blobs.js';
import { CentroidModel } from './centroid-model.js';

const CLASSES = 3;
const SIZE = 300;
const pool = blobs(SIZE, CLASSES, 3, { spread: 0.9 });
const held = blobs(60, CLASSES, 3, { seed: 2 });

/** An oracle with everything at once: prices per class, refusals, mistakes; and it takes its time. */
function oracle(pause: number): Oracle {
  const costly = costlyOracle(pool.labels, { price: { perClass: [1, 1.5, 2.25] }, refusal: 0.25 });
  const noisy = noisyOracle(refusingOracle(costly, { refuse: 0.15, seed: 3 }), {
    rate: 0.1,
    classes: CLASSES,
    seed: 4,
  });
  const slow: Oracle = async (indices, options) => {
    if (pause > 0) await sleep(pause);
    return noisy(indices, options);
  };
  return Object.assign(slow, noisy.price && { price: noisy.price });
}

export const LIMITS: Pick<RunOptions, 'budget' | 'batch' | 'initial'> = { budget: { cost: 170 }, batch: 8, initial: 6 };

/** What is given to a learner that begins and to one that goes on. */
export const around = (pause: number) => ({ oracle: oracle(pause), test: held });

/** A learner with groups, ids, prices, noise, refusals, pseudo-labels, a validation share and stopping criteria. */
export function longLearner(pause: number): ActiveLearner {
  const options: ActiveLearnerOptions = {
    ...around(pause),
    model: new CentroidModel(CLASSES),
    strategy: createStrategy('ceal', { threshold: 0.4, decay: 0.01 }),
    pool: pool.samples,
    seed: 11,
    groups: Array.from({ length: SIZE }, (_, index) => (index % 3 === 0 ? `group ${Math.floor(index / 9)}` : index)),
    skipCost: 0.1,
    validation: 0.1,
    stopping: [
      { name: 'stabilizing-predictions', threshold: 0.995, window: 4 },
      { name: 'max-rounds', rounds: 14 },
    ],
  };
  return new ActiveLearner(options);
}

/** What must be the same in every run: all but the time. */
export function plain({ seconds: _, ...round }: Round): unknown {
  return JSON.parse(JSON.stringify({ ...round, indices: [...round.indices], refused: [...(round.refused ?? [])] }));
}
