/** The best k of any number of scores, whatever the order and cut in which they come. */
import { TIE_RANDOM } from '../contract/codes.js';
import type { ScoreArray } from '../contract/engine.js';
import { philox4x32, STREAM_TIES } from './philox.js';

/**
 * A total order, best first: higher score, then (ties 'random') the lower Philox word of the row, then the lower row.
 * The k best are kept in a heap whose root is the worst of them, so most rows cost one comparison.
 */
export class BestRows {
  readonly #k: number;
  readonly #isRandom: boolean;
  readonly #key: readonly [number, number];
  readonly #words = new Uint32Array(4);
  /** Heap, in step: row numbers and their scores. */
  readonly #rows: number[] = [];
  readonly #scores: number[] = [];

  constructor(k: number, tieBreak: number, seed: bigint) {
    this.#k = k;
    this.#isRandom = tieBreak === TIE_RANDOM;
    this.#key = [Number(seed & 0xffff_ffffn), Number(seed >> 32n)];
  }

  /** How many are held: min(k, rows offered that are neither excluded nor NaN). */
  get size(): number {
    return this.#rows.length;
  }

  /** Offer the scores of rows offset, offset + 1, …; `excluded` holds absolute row numbers. */
  add(scores: ScoreArray, offset: number, excluded: ReadonlySet<number>): void {
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i] as number;
      if (Number.isNaN(score) || excluded.has(offset + i)) continue;
      this.#offer(offset + i, score);
    }
  }

  /** Best first. Returns how many were written: min(k, eligible). */
  result(outIndices: Uint32Array, outScores: ScoreArray): number {
    const order = this.#rows.map((_, slot) => slot).sort((a, b) => this.#compare(a, b));
    order.forEach((slot, rank) => {
      outIndices[rank] = this.#rows[slot] as number;
      outScores[rank] = (this.#scores[slot] as number) + 0;
    });
    return order.length;
  }

  #offer(row: number, score: number): void {
    const size = this.#rows.length;
    if (size < this.#k) {
      this.#rows.push(row);
      this.#scores.push(score);
      this.#siftUp(size);
    } else if (this.#k > 0 && this.#order(score, row, this.#scores[0] as number, this.#rows[0] as number) < 0) {
      this.#rows[0] = row;
      this.#scores[0] = score;
      this.#siftDown(0);
    }
  }

  #siftUp(slot: number): void {
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (this.#compare(slot, parent) <= 0) return;
      this.#swap(slot, parent);
      slot = parent;
    }
  }

  #siftDown(slot: number): void {
    for (;;) {
      let worst = slot;
      for (const child of [2 * slot + 1, 2 * slot + 2]) {
        if (child < this.#rows.length && this.#compare(child, worst) > 0) worst = child;
      }
      if (worst === slot) return;
      this.#swap(slot, worst);
      slot = worst;
    }
  }

  #swap(a: number, b: number): void {
    const row = this.#rows[a] as number;
    const score = this.#scores[a] as number;
    this.#rows[a] = this.#rows[b] as number;
    this.#scores[a] = this.#scores[b] as number;
    this.#rows[b] = row;
    this.#scores[b] = score;
  }

  #compare(a: number, b: number): number {
    return this.#order(
      this.#scores[a] as number,
      this.#rows[a] as number,
      this.#scores[b] as number,
      this.#rows[b] as number,
    );
  }

  /** Negative when row a comes before row b. */
  #order(scoreA: number, rowA: number, scoreB: number, rowB: number): number {
    if (scoreA !== scoreB) return scoreA > scoreB ? -1 : 1;
    if (this.#isRandom) {
      const wordA = this.#tieWord(rowA);
      const wordB = this.#tieWord(rowB);
      if (wordA !== wordB) return wordA < wordB ? -1 : 1;
    }
    return rowA - rowB;
  }

  #tieWord(row: number): number {
    return philox4x32(this.#key[0], this.#key[1], row, 0, STREAM_TIES, 0, this.#words)[0] as number;
  }
}
