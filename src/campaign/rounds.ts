import { likeliestClasses } from '../models/likeliest.js';
import type { FloatRows, Model } from '../models/model.js';
import { compareClasses, meanEntropy } from './progress.js';
import type { CampaignRound } from './records.js';
import type { CampaignState } from './state.js';
import { askCriterion } from './stopping.js';
import type { Trainer, WorkOptions } from './trainer.js';

/** A model of all labels that there are, and what it predicts for the pool. */
export interface Trained {
  readonly model: Model;
  readonly probabilities: FloatRows;
  /** For people: which model this is. */
  readonly version: string;
  /** The training as it was written down. */
  readonly round: CampaignRound;
}

/**
 * The model of the labels of now: the one that is kept, or a new one. Training is a function of the labels, the settings
 * and the machine, so one that was interrupted is simply made again.
 */
export async function trainedModel(state: CampaignState, trainer: Trainer, options: WorkOptions): Promise<Trained> {
  const set = state.trainingSet();
  const key = trainer.key(set);
  const version = `querent-${state.settings.model?.name ?? 'model'}-${set.indices.length}`;
  const kept = await trainer.load(key);
  const known = state.rounds.find((round) => round.key === key);
  const started = performance.now();
  const { model, probabilities } =
    kept === undefined
      ? await trainer.train(set, options)
      : { model: kept, probabilities: await kept.predictProba(trainer.samples, { signal: options.signal }) };
  const trained = performance.now();
  if (known !== undefined) return { model, probabilities, version, round: known };
  const { quality, test } = await trainer.measure(set, model, options);
  const last = state.rounds.at(-1);
  const before = last === undefined ? undefined : await trainer.predicted(last.key);
  const labeled = new Set(set.indices);
  const changes =
    before === undefined
      ? { changed: null, kappa: null }
      : compareClasses(before, likeliestClasses(probabilities), model.classes);
  const labels = set.indices.length;
  const carried = last === undefined ? undefined : await trainer.criterion(last.key);
  const { stop, next } = await askCriterion(state, carried, set.indices, probabilities, test);
  await trainer.keepCriterion(key, next);
  const round: CampaignRound = {
    round: state.rounds.length,
    key,
    time: new Date().toISOString(),
    labels,
    balance: state.balance(),
    quality,
    ...changes,
    uncertainty: meanEntropy(probabilities, labeled),
    stop,
    seconds: { train: (trained - started) / 1000, evaluate: (performance.now() - trained) / 1000 },
  };
  await state.addRound(round);
  await trainer.clear(key);
  return { model, probabilities, version, round };
}
