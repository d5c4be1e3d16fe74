import { z } from 'zod';
import { likeliestClasses } from '../../models/likeliest.js';
import { stoppingType } from './criterion.js';

const stateSchema = z.object({ indices: z.array(z.int()), classes: z.array(z.int()) }).nullable();

/**
 * Classification change: stop when, between two rounds, the predicted classes of what is not labelled have not changed
 * (or, with a threshold, of a small share only).
 *
 * @see Zhu, Wang, Hovy, Ma: Confidence-Based Stopping Criteria for Active Learning for Data Annotation. ACM TSLP 6(3),
 *   2010.
 */
export const classificationChange = stoppingType({
  name: 'classification-change',
  description: 'predicted classes of the unlabelled samples no longer change',
  options: z.strictObject({
    /** Largest share of changed predictions. */
    threshold: z.number().min(0).max(1).default(0),
  }),
  create({ threshold }) {
    let last: Map<number, number> | undefined;
    return {
      async observe({ unlabeled, predict }) {
        if (unlabeled.length === 0) return undefined;
        const classes = likeliestClasses(await predict(unlabeled));
        const before = last;
        last = new Map(Array.from(unlabeled, (index, at) => [index, classes[at] as number]));
        const compared = before && unlabeled.filter((index) => before.has(index));
        if (compared === undefined || compared.length === 0) return undefined;
        const changed = compared.filter((index) => before?.get(index) !== last?.get(index)).length;
        const share = changed / compared.length;
        if (share > threshold) return undefined;
        return (
          `predictions no longer change: ${changed} of ${compared.length} unlabelled samples got another class than a ` +
          `round before (a share of at most ${threshold} was asked for)`
        );
      },
      state: () => (last === undefined ? null : { indices: [...last.keys()], classes: [...last.values()] }),
      restore(state) {
        const read = stateSchema.parse(state);
        last =
          read === null ? undefined : new Map(read.indices.map((index, at) => [index, read.classes[at] as number]));
      },
    };
  },
});
