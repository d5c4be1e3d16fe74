import { ReplayCore } from '../contract/replay-call.js';
import type { ReplayFields, ReplayOptions } from '../contract/replay-plan.js';
import { referenceEngine as engine } from './engine.js';

/** `ReplayBuffer` in plain TypeScript: the same draws and weights, to the bit. It has no files: those need Node. */
export class ReplayBuffer<const Fields extends ReplayFields = ReplayFields> extends ReplayCore<Fields> {
  constructor(options: ReplayOptions<Fields>) {
    super(engine, options);
  }
}
