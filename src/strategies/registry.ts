import { lookUp } from '../options.js';
import { badge } from './badge.js';
import { batchBald } from './batch-bald.js';
import { bald, mcEntropy, meanStd, variationRatio } from './bayesian-scores.js';
import { cal } from './cal.js';
import { ceal } from './ceal.js';
import { classBalance } from './class-balance.js';
import { clue } from './clue.js';
import { clusterMargin } from './cluster-margin.js';
import { consensusEntropy, kl, maxKl, voteEntropy } from './committee-scores.js';
import { committeeStd } from './committee-std.js';
import { costAware } from './cost-aware.js';
import { dal } from './dal.js';
import { eer } from './eer.js';
import { egl } from './egl.js';
import { entropy } from './entropy.js';
import { epig } from './epig.js';
import { epsilonGreedy } from './epsilon-greedy.js';
import { facilityLocation } from './facility-location.js';
import { forgetting } from './forgetting.js';
import { gsx } from './gsx.js';
import { informationDensity } from './information-density.js';
import { kCenter } from './k-center.js';
import { kMeansPlusPlus } from './k-means-plus-plus.js';
import { kMeans } from './k-means.js';
import { leastConfidence } from './least-confidence.js';
import { margin } from './margin.js';
import { powerBald } from './power-bald.js';
import { probcover } from './probcover.js';
import { random } from './random.js';
import { dralReid } from '../rl/dral-reid/dral-reid.js';
import { dral, sral } from '../rl/sral/sral.js';
import { rank } from './rank.js';
import { selectionViaProxy } from './selection-via-proxy.js';
import { sequential } from './sequential.js';
import { stochastic } from './stochastic.js';
import type { QueryStrategy } from './strategy.js';
import { subsample } from './subsample.js';
import type { StrategyType } from './types.js';
import { typiclust } from './typiclust.js';
import { weighted } from './weighted.js';

/** Strategies of one idea each. */
const single: readonly StrategyType[] = [
  random,
  // One prediction per sample.
  leastConfidence,
  margin,
  entropy,
  ceal,
  // Predictions of several members.
  voteEntropy,
  consensusEntropy,
  kl,
  maxKl,
  variationRatio,
  bald,
  meanStd,
  mcEntropy,
  batchBald,
  powerBald,
  epig,
  // Where samples lie.
  kCenter,
  kMeans,
  kMeansPlusPlus,
  typiclust,
  probcover,
  facilityLocation,
  // Predictions, and where samples lie.
  informationDensity,
  badge,
  cal,
  clusterMargin,
  clue,
  dal,
  // What a label would change, what training did.
  egl,
  eer,
  forgetting,
  // Numbers instead of classes.
  committeeStd,
  gsx,
  // Learned: these buy labels as they go.
  sral,
  dral,
  dralReid,
];

/** Strategies around others. */
const combinators: readonly StrategyType[] = [
  weighted,
  rank,
  sequential,
  classBalance,
  subsample,
  costAware,
  epsilonGreedy,
  stochastic,
  selectionViaProxy,
].map((combinator) => combinator(createStrategy));

/** Every query strategy that can be made by name. */
export const strategies: ReadonlyMap<string, StrategyType> = new Map(
  [...single, ...combinators].map((type) => [type.name, type]),
);

/**
 * Make a query strategy.
 *
 * @throws {ArgumentError} No such strategy, or options that it does not take.
 */
export function createStrategy(name: string, options?: unknown): QueryStrategy {
  return lookUp('strategy', strategies, name).create(options);
}
