import type { MatrixView } from '../matrix.js';
import { deriveSeed, Random } from '../reference/philox.js';
import type { FitOptions, FitResult, FloatRows, Model, TrainingWatch } from './model.js';
import { takeRows } from './samples.js';

/** Labelled samples, checked. */
export interface EnsembleSet {
  /** [N, features], N >= 1, all finite. */
  readonly samples: MatrixView;
  /** [N]. */
  readonly labels: Uint32Array;
  readonly classes: number;
}

/**
 * How the members of a committee are trained, and what makes them differ. Each on its own ({@link independentTraining}) is one
 * way; members that are moments of one training, or grown apart from one, are others behind the same interface.
 */
export interface EnsembleTraining {
  /**
   * Train all members, in place.
   *
   * @param members At least one; each in the state that training goes on from under `warmStart`.
   * @param options `onEpoch` is told the epochs of all members in one count, `watch` gets the mean over the members.
   * @returns Epochs of all members together, and the mean of their losses.
   * @throws The signal's reason, when it aborts; members may then be trained or not.
   */
  train(members: readonly Model[], set: EnsembleSet, options: FitOptions): Promise<FitResult>;
}

/** Streams of a committee's random numbers; the third word of Philox counters. */
const STREAM_MEMBER = 19;
const STREAM_BOOTSTRAP = 20;

/** The seed of one member, of the committee's. */
export function memberSeed(seed: number | bigint, member: number): number {
  return deriveSeed(seed, STREAM_MEMBER, member);
}

/**
 * Train each member on its own, with its own start, order of samples and dropout by its own seed (a deep ensemble).
 *
 * @param options `bootstrap`: each on a resample of its own, see {@link bootstrapRows} (bagging).
 * @see Lakshminarayanan, Pritzel, Blundell: Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles. NIPS
 *   2017. Breiman: Bagging Predictors. Machine Learning 24, 1996.
 */
export function independentTraining({ bootstrap }: { readonly bootstrap: boolean }): EnsembleTraining {
  return {
    async train(members, { samples, labels }, { seed = 0, signal, onEpoch, warmStart, epochs: passes, watch }) {
      const mean = watch === undefined ? undefined : new WatchMean(watch);
      let epochs = 0;
      let losses = 0;
      for (const [place, member] of members.entries()) {
        const own = memberSeed(seed, place);
        const rows = bootstrap ? bootstrapRows(labels, own) : undefined;
        const before = epochs;
        const result = await member.fit(
          rows === undefined ? samples : takeRows(samples, rows),
          rows === undefined ? labels : rows.map((row) => labels[row] as number),
          {
            seed: own,
            signal,
            warmStart,
            epochs: passes,
            onEpoch: onEpoch && (({ epoch, loss }) => onEpoch({ epoch: before + epoch, loss })),
            watch: mean?.ofMember(),
          },
        );
        await mean?.endMember(member, signal);
        epochs += result.epochs;
        losses += result.loss;
      }
      mean?.report();
      return { epochs, loss: losses / members.length };
    },
  };
}

/**
 * N rows drawn with replacement, about 0.632 N different ones; of every class that the resample missed one sample, drawn at
 * random, comes after them: a member that never saw a class could not predict it.
 */
export function bootstrapRows(labels: Uint32Array, seed: number): Uint32Array {
  const random = new Random(seed, STREAM_BOOTSTRAP);
  const rows = Array.from(labels, () => random.below(labels.length));
  const seen = new Set(rows.map((row) => labels[row]));
  const missing = [...new Set(labels)].filter((label) => !seen.has(label)).sort((a, b) => a - b);
  for (const label of missing) {
    const owners = Array.from(labels.keys()).filter((row) => labels[row] === label);
    rows.push(owners[random.below(owners.length)] as number);
  }
  return Uint32Array.from(rows);
}

/** Moments of several trainings, as the mean over the members. One that ended early stays at its last moment. */
class WatchMean {
  readonly #watch: TrainingWatch;
  /** Sums over the members so far, by moment. */
  readonly #moments: { epoch: number; sum: Float64Array; rows: number; cols: number }[] = [];
  #members = 0;
  #reached = 0;
  #last: FloatRows | undefined;

  constructor(watch: TrainingWatch) {
    this.#watch = watch;
  }

  /** What one member is to be watched with. */
  ofMember(): TrainingWatch {
    this.#reached = 0;
    this.#last = undefined;
    const { samples, moments } = this.#watch;
    return { samples, moments, onPredictions: (epoch, predictions) => this.#take(epoch, predictions) };
  }

  async endMember(member: Model, signal: AbortSignal | undefined): Promise<void> {
    if (this.#reached === 0) this.#take(1, await member.predictProba(this.#watch.samples, { signal }));
    for (const moment of this.#moments.slice(this.#reached)) addTo(moment.sum, this.#last as FloatRows);
    this.#members += 1;
  }

  report(): void {
    for (const { epoch, sum, rows, cols } of this.#moments) {
      this.#watch.onPredictions(epoch, { data: Float32Array.from(sum, (p) => p / this.#members), rows, cols });
    }
  }

  #take(epoch: number, predictions: FloatRows): void {
    let moment = this.#moments[this.#reached];
    if (moment === undefined) {
      const { rows, cols } = predictions;
      // Earlier members were at their end by now.
      const before = this.#moments.at(-1)?.sum ?? new Float64Array(rows * cols);
      const sum = before.slice();
      if (this.#reached > 0 && this.#last !== undefined) addTo(sum, this.#last, -1);
      moment = { epoch, sum, rows, cols };
      this.#moments.push(moment);
    }
    moment.epoch = Math.max(moment.epoch, epoch);
    addTo(moment.sum, predictions);
    this.#last = predictions;
    this.#reached += 1;
  }
}

function addTo(sum: Float64Array, { data }: FloatRows, sign = 1): void {
  for (let at = 0; at < sum.length; at++) sum[at]! += sign * (data[at] as number);
}
