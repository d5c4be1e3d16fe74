import { z } from 'zod';
import { sampleWithoutReplacement } from '../kernels/index.js';
import type { Metrics } from '../learner/metrics.js';
import { deriveSeed, SEED_STOP_SET } from '../learner/seeds.js';
import { createStopping } from '../learner/stopping/registry.js';
import { rowsAt } from '../learner/pool-arrays.js';
import type { FloatRows } from '../models/model.js';
import type { CampaignState } from './state.js';

/** What a criterion carries from training to training, and the labels there were when it looked last. */
export const stoppingStateSchema = z.object({ labels: z.int(), state: z.unknown() });

export type StoppingState = z.output<typeof stoppingStateSchema>;

/**
 * Ask the campaign's stopping criterion after a training. It looks only where half a batch of labels has come since it
 * last did: models before and after a single answer agree, and that says nothing.
 *
 * @param before What it carried; undefined at the first training.
 * @returns The reason to stop, or null, and what it carries now.
 */
export async function askCriterion(
  { settings, pool, rounds }: CampaignState,
  before: StoppingState | undefined,
  labeled: Uint32Array,
  probabilities: FloatRows,
  test: Metrics | undefined,
): Promise<{ stop: string | null; next: StoppingState }> {
  const labels = labeled.length;
  if (before !== undefined && labels - before.labels < settings.n / 2) {
    return { stop: rounds.at(-1)?.stop ?? null, next: before };
  }
  const isLabeled = new Set(labeled);
  const { name, options } = settings.stopping;
  const criterion = createStopping(name, options);
  if (before?.state !== undefined && before.state !== null) criterion.restore?.(before.state);
  const reason = await criterion.observe({
    round: rounds.length,
    labels,
    cost: labeled.reduce((sum, index) => sum + (pool.costs?.[index] ?? 1), 0),
    classes: settings.classNames.length,
    test,
    unlabeled: Uint32Array.from({ length: pool.size }, (_, index) => index).filter((index) => !isLabeled.has(index)),
    stopSet: (size) =>
      sampleWithoutReplacement(pool.size, Math.min(size, pool.size), {
        seed: deriveSeed(settings.seed, SEED_STOP_SET, 0),
      }).sort(),
    predict: async (indices) => rowsAt(probabilities, indices),
  });
  return { stop: reason ?? null, next: { labels, state: criterion.state?.() ?? null } };
}
