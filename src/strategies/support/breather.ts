import { nextTurn } from '../../contract/turn.js';

const TURN_MS = 15;

/** Lets the event loop run every few milliseconds of a long loop on its thread, and stops the loop on an abort. */
export class Breather {
  readonly #signal: AbortSignal | undefined;
  #turnAt = performance.now() + TURN_MS;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** @throws The signal's reason, when it aborted. */
  async breathe(): Promise<void> {
    if (performance.now() >= this.#turnAt) {
      await nextTurn();
      this.#turnAt = performance.now() + TURN_MS;
    }
    this.#signal?.throwIfAborted();
  }
}
