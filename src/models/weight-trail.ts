/** Copies kept per moment that is asked for: enough to spread moments evenly however long the training turns out. */
const COPIES_PER_MOMENT = 4;

/** Weights after an epoch, from 1. */
export interface Footprint {
  readonly epoch: number;
  readonly weights: Float32Array;
}

/**
 * Copies of weights along a training whose length is not known before: of every epoch at first, then, whenever there are
 * too many, of every second one of those.
 */
export class WeightTrail {
  readonly #moments: number;
  #copies: Footprint[] = [];
  #stride = 1;

  /** @param moments How many {@link spread} gives at most, at least 1. */
  constructor(moments: number) {
    this.#moments = moments;
  }

  /** @param weights Copied. */
  add(epoch: number, weights: Float32Array): void {
    if (epoch % this.#stride !== 0) return;
    this.#copies.push({ epoch, weights: weights.slice() });
    if (this.#copies.length <= COPIES_PER_MOMENT * this.#moments) return;
    this.#stride *= 2;
    this.#copies = this.#copies.filter((copy) => copy.epoch % this.#stride === 0);
  }

  /**
   * @param last The end of the training.
   * @returns At most as many as were asked for, evenly spread over the epochs, oldest first; `last` is one of them.
   */
  spread(last: Footprint): Footprint[] {
    const earlier = this.#copies.filter(({ epoch }) => epoch < last.epoch);
    const chosen = new Map<number, Footprint>();
    for (let moment = 1; moment < this.#moments; moment++) {
      const target = (moment * last.epoch) / this.#moments;
      let nearest: Footprint | undefined;
      for (const copy of earlier) {
        if (nearest === undefined || Math.abs(copy.epoch - target) < Math.abs(nearest.epoch - target)) nearest = copy;
      }
      if (nearest !== undefined) chosen.set(nearest.epoch, nearest);
    }
    return [...chosen.values(), last];
  }
}
