import { z } from 'zod';
import { aroundOthers, type CombinatorType, createInner, orderAll, strategyOption } from './inner.js';
import { likeliestClasses } from '../models/likeliest.js';
import type { QueryContext } from './strategy.js';
import { strategyType } from './types.js';

/**
 * Picks that even out the classes: each pick is the best remaining sample, by another strategy, of those predicted to be of the
 * class with the fewest labels and picks so far. Among such classes the one whose best sample comes first wins. Classes that
 * the model predicts nowhere cannot be sought.
 *
 * @see Ertekin, Huang, Bottou, Giles: Learning on the Border: Active Learning in Imbalanced Data Classification. CIKM 2007, for
 *   the problem; the rule is this package's own.
 */
export const classBalance: CombinatorType = (create) =>
  strategyType({
    name: 'class-balance',
    description: 'another strategy, evened out over the predicted classes',
    needs: ['probabilities', 'labels'],
    options: z.strictObject({ of: strategyOption.default('margin') }),
    create({ of }) {
      const inner = createInner('class-balance', create, of);
      return {
        ...aroundOthers([inner], ['probabilities', 'labels']),
        async query(context, n, options) {
          const { indices, scores } = await orderAll(inner, context, options ?? {});
          const places = evenOut(
            likeliestClasses(await context.predict(indices)),
            context,
            Math.min(n, indices.length),
          );
          return {
            indices: places.map((at) => indices[at] as number),
            scores: scores && Float64Array.from(places, (at) => scores[at] as number),
          };
        },
      };
    },
  });

/** Places in `predicted`, which is in order of preference. */
function evenOut(predicted: Uint32Array, { classes, labels }: QueryContext, count: number): Uint32Array {
  const held = new Float64Array(classes);
  for (const label of labels) held[label]! += 1;
  const queues = Array.from({ length: classes }, (): number[] => []);
  predicted.forEach((c, place) => queues[c]?.push(place));
  const next = new Uint32Array(classes);
  return Uint32Array.from({ length: count }, () => {
    let scarce = -1;
    for (let c = 0; c < classes; c++) {
      if ((next[c] as number) >= (queues[c] as number[]).length) continue;
      if (scarce < 0 || isBefore(c, scarce)) scarce = c;
    }
    held[scarce]! += 1;
    return queues[scarce]?.[next[scarce]!++] as number;
  });

  function isBefore(a: number, b: number): boolean {
    const difference = (held[a] as number) - (held[b] as number);
    if (difference !== 0) return difference < 0;
    return (queues[a]?.[next[a] as number] as number) < (queues[b]?.[next[b] as number] as number);
  }
}
