/** What the time of a query goes to, beside the strategy's own work. */
export type Errand = 'score' | 'train' | 'evaluate' | 'ask';

/** Counts the seconds that pass while others work. */
export class Stopwatch {
  readonly #seconds: Record<Errand, number> = { score: 0, train: 0, evaluate: 0, ask: 0 };

  seconds(errand: Errand): number {
    return this.#seconds[errand];
  }

  /** All that was counted. */
  get total(): number {
    return Object.values(this.#seconds).reduce((sum, value) => sum + value, 0);
  }

  async time<T>(errand: Errand, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.#seconds[errand] += secondsSince(start);
    }
  }
}

/** @param start What `performance.now()` gave. */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
