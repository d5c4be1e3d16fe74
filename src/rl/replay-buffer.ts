import { ReplayCore } from '../contract/replay-call.js';
import type { ReplayFields, ReplayOptions } from '../contract/replay-plan.js';
import { FormatError } from '../errors.js';
import { engine } from '../native.js';
import { fillReplay, openReplay, writeReplay } from './replay-file.js';

/**
 * Experience for reinforcement learning: a ring of transitions in one piece of memory outside the JavaScript heap, drawn
 * with replacement, all alike or in proportion to priorities. One call draws a batch and gathers all its fields.
 *
 * @see Schaul, Quan, Antonoglou, Silver: Prioritized Experience Replay. ICLR 2016.
 */
export class ReplayBuffer<const Fields extends ReplayFields = ReplayFields> extends ReplayCore<Fields> {
  /**
   * @param options `fields` name what a row holds; see {@link ReplayOptions}.
   * @throws {ArgumentError} An option that is unknown, missing or out of range.
   * @throws {ShapeError} More memory than the machine can give.
   */
  constructor(options: ReplayOptions<Fields>) {
    super(engine(), options);
  }

  /**
   * Write rows, priorities and the position in the random numbers to a file, so that a crash leaves the old file or the
   * new one. Rows and priorities may not change before the promise settles; sampling may go on.
   *
   * @throws {StorageError} The file cannot be written; the old one is untouched.
   */
  async save(path: string): Promise<void> {
    await this.unchanged(() => writeReplay(path, this.plan, this.store));
  }

  /**
   * Read a buffer back; it goes on with the draws that the saved one would have made next.
   *
   * @throws {FormatError} The file is no replay buffer, is cut short or damaged, or of another version.
   * @throws {StorageError} The file cannot be read.
   */
  static async load(path: string): Promise<ReplayBuffer> {
    const file = await openReplay(path);
    try {
      const buffer = new ReplayBuffer(file.options);
      await fillReplay(file, buffer.plan, buffer.store);
      if (!buffer.restored(file.state)) throw new FormatError(`${path}: expected priorities that can be stored`);
      return buffer;
    } finally {
      await file.handle.close();
    }
  }
}
