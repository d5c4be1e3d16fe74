export { allocMatrix } from './alloc.js';
export { committee, committeeAsync } from './committee.js';
export { McDropoutAccumulator, mcDropout, mcDropoutAsync } from './mc-dropout.js';
export { reservoirSample } from '../reference/reservoir.js';
export { sampleWithoutReplacement } from './sample.js';
export { score, scoreAsync, scoreTopK, scoreTopKAsync } from './score.js';
export { topK, TopKAccumulator, topKAsync } from './top-k.js';
