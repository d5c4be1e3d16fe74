import { z } from 'zod';
import type { Kind, Method } from '../contract/codes.js';
import { ArgumentError, UnavailableError } from '../errors.js';
import { scoreTopKAsync } from '../kernels/index.js';
import { fitTemperature, temperedLogits } from '../models/calibration.js';
import type { QueryContext, QueryOptions, QueryResult } from './strategy.js';
import { type StrategyType, strategyType } from './types.js';

/** Equal scores: the lowest index first, or an order drawn from the round's seed. */
export const tieBreakOption = z.enum(['index', 'random']).default('index');

/** Options of the strategies that rank by one score. */
const uncertaintyOptions = z.strictObject({
  tieBreak: tieBreakOption,
  /**
   * Predictions are taken as p^(1/T), scaled to sum to one; 'fit': T is what makes the validation samples' log-loss smallest.
   * With two classes no temperature changes the order of samples; with more it changes that of all three scores.
   */
  temperature: z
    .union([z.number().positive(), z.literal('fit')], { error: "expected a positive number, or 'fit'" })
    .default(1),
  /** Divide by the largest score there is, so that scores compare across numbers of classes; no order changes. */
  normalized: z.boolean().default(false),
  /** 'multilabel': every column is a yes or no of its own (sigmoid outputs), and the score is the mean over labels. */
  kind: z.enum(['multiclass', 'multilabel']).default('multiclass'),
});

type UncertaintyOptions = z.output<typeof uncertaintyOptions>;

/** A strategy that asks for the samples whose predictions score highest under `method`. */
export function uncertaintyType(method: Method, description: string): StrategyType {
  return strategyType({
    name: method,
    description,
    needs: ['probabilities'],
    options: uncertaintyOptions,
    create(chosen) {
      if (chosen.temperature === 'fit' && chosen.kind === 'multilabel') {
        throw new ArgumentError(
          `strategy ${method}: expected a number for temperature with kind multilabel, got 'fit': ` +
            'validation samples have one class each',
        );
      }
      return { query: (context, n, options) => rank(method, chosen, context, n, options) };
    },
  });
}

async function rank(
  method: Method,
  { tieBreak, temperature, normalized, kind }: UncertaintyOptions,
  context: QueryContext,
  n: number,
  { signal }: QueryOptions = {},
): Promise<QueryResult> {
  const { unlabeled, seed } = context;
  const where = `strategy ${method}`;
  const scale = temperature === 'fit' ? await fittedTemperature(where, context) : temperature;
  const probabilities = await context.predict(unlabeled);
  const count = Math.min(n, unlabeled.length);
  const how = { method, kind, tieBreak, seed, signal };
  const { cols } = probabilities;
  const { indices, scores } =
    scale === 1
      ? await scoreTopKAsync(probabilities, count, how)
      : await scoreTopKAsync({ ...probabilities, data: temperedLogits(where, probabilities, scale, kind) }, count, {
          ...how,
          from: 'logits',
        });
  const largest = normalized ? largestScore(method, kind, cols) : 1;
  return { indices: indices.map((row) => unlabeled[row] as number), scores: scores.map((score) => score / largest) };
}

/** The score of a prediction that knows nothing. */
export function largestScore(method: Method, kind: Kind, classes: number): number {
  const outcomes = kind === 'multilabel' ? 2 : classes;
  if (method === 'margin') return 1;
  return method === 'entropy' ? Math.log(outcomes) : 1 - 1 / outcomes;
}

/** @throws {UnavailableError} There are no validation samples, or no model to predict them. */
async function fittedTemperature(where: string, context: QueryContext): Promise<number> {
  const { validation, log } = context;
  if (validation === undefined || validation.labels.length === 0 || context.predictSamples === undefined) {
    throw new UnavailableError(
      `${where}: temperature 'fit' needs validation samples and a model to predict them; ` +
        'give the learner validation samples, or the strategy a number for temperature',
    );
  }
  const temperature = fitTemperature(await context.predictSamples(validation.samples), validation.labels);
  log(`${where}: temperature ${temperature.toPrecision(3)}, fitted on ${validation.labels.length} validation samples`);
  return temperature;
}
