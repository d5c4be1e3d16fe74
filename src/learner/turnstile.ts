import { QuerentError } from '../errors.js';

/** Lets one call of a learner through at a time. */
export class Turnstile {
  #isBusy = false;

  /** @throws {QuerentError} ERR_QUERENT_BUSY: another call has not finished yet. */
  check(name: string): void {
    if (!this.#isBusy) return;
    throw new QuerentError(
      'ERR_QUERENT_BUSY',
      `${name}: expected the learner's last call to have finished; await it first`,
    );
  }

  async enter<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.check(name);
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }

  /** Step aside for a callback: between steps all is in order, so it may take a snapshot or correct a label. */
  async aside(call: () => void | Promise<void> | undefined): Promise<void> {
    this.#isBusy = false;
    try {
      await call();
    } finally {
      this.#isBusy = true;
    }
  }
}
