import { z } from 'zod';
import { likeliestClasses } from '../../models/likeliest.js';
import { stoppingType, type StoppingType } from './criterion.js';
import { cohenKappa } from './kappa.js';

const options = z.strictObject({
  /** Least mean agreement. */
  threshold: z.number().min(-1).max(1).default(0.99),
  /** Agreements that are averaged. */
  window: z.int().min(1).default(3),
  /** Pool samples on which models are compared. */
  stopSet: z.int().min(1).default(2000),
});

const stateSchema = z.object({ last: z.array(z.int()).nullable(), kappas: z.array(z.number()) });

/** Agreement of consecutive models on samples that were drawn once, averaged over a window. */
function agreementType(name: string, description: string): StoppingType {
  return stoppingType({
    name,
    description,
    options,
    create({ threshold, window, stopSet }) {
      let last: Uint32Array | undefined;
      let kappas: number[] = [];
      return {
        async observe(view) {
          const predicted = likeliestClasses(await view.predict(view.stopSet(stopSet)));
          if (last !== undefined) kappas = [...kappas, cohenKappa(last, predicted, view.classes)].slice(-window);
          last = predicted;
          const mean = kappas.reduce((sum, kappa) => sum + kappa, 0) / kappas.length;
          if (kappas.length < window || mean < threshold) return undefined;
          return (
            `predictions are stable: over ${window} rounds, consecutive models agreed on ${predicted.length} samples ` +
            `with a mean kappa of ${mean.toFixed(4)} (at least ${threshold} was asked for)`
          );
        },
        state: () => ({ last: last === undefined ? null : [...last], kappas }),
        restore(state) {
          const read = stateSchema.parse(state);
          last = read.last === null ? undefined : Uint32Array.from(read.last);
          kappas = read.kappas;
        },
      };
    },
  });
}

/**
 * Stabilising predictions: stop when the models of consecutive rounds agree, by Cohen's kappa on a stop set that was drawn
 * once, on average over a window.
 *
 * @see Bloodgood, Vijay-Shanker: A Method for Stopping Active Learning Based on Stabilizing Predictions and the Need for
 *   User-Adjustable Stopping. CoNLL 2009.
 */
export const stabilizingPredictions = agreementType(
  'stabilizing-predictions',
  'consecutive models agree on a stop set (mean kappa over a window)',
);

/** {@link stabilizingPredictions} under the name that small-text gives it. */
export const kappaAverage = agreementType('kappa-average', 'another name of stabilizing-predictions');
