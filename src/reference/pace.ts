import { type Control, isStopped } from '../contract/background.js';
import { nextTurn } from '../contract/turn.js';

const TURN_MS = 10;
/** Elements that are looked at between two looks at the clock. */
const STEP_ELEMENTS = 2 ** 17;

/** Lets the event loop run every few milliseconds of a long loop, and hears when the loop has to stop. */
export class Pace {
  readonly #control: Control;
  #turnAt = Date.now() + TURN_MS;

  constructor(control: Control) {
    this.#control = control;
  }

  /** False when the caller has asked to stop. */
  async goOn(): Promise<boolean> {
    if (Date.now() >= this.#turnAt) {
      await nextTurn();
      this.#turnAt = Date.now() + TURN_MS;
    }
    return !isStopped(this.#control);
  }

  /** Visit rows 0, 1, … of `cols` elements each. False when stopped before the last. */
  async visitRows(rows: number, cols: number, visit: (row: number) => void): Promise<boolean> {
    const step = Math.max(1, Math.floor(STEP_ELEMENTS / Math.max(64, cols)));
    for (let begin = 0; begin < rows; begin += step) {
      if (!(await this.goOn())) return false;
      const end = Math.min(rows, begin + step);
      for (let row = begin; row < end; row++) visit(row);
    }
    return true;
  }
}
