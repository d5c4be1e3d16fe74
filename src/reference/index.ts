/** querent/reference: every kernel in plain TypeScript, for any JavaScript runtime. */
export { badge } from './badge.js';
export { batchBald } from './batch-bald.js';
export { committee, committeeAsync } from './committee.js';
export { kCenterGreedy } from './k-center.js';
export { kMeansPlusPlus } from './k-means-plus-plus.js';
export { McDropoutAccumulator, mcDropout, mcDropoutAsync } from './mc-dropout.js';
export { philox4x32, Random, type RandomState, seedKey } from './philox.js';
export { ReplayBuffer } from './replay.js';
export { reservoirSample } from './reservoir.js';
export { allocMatrix, runtimeInfo, setLevel } from './runtime.js';
export { sampleWithoutReplacement } from './sample.js';
export { score, scoreAsync, scoreTopK, scoreTopKAsync } from './score.js';
export { topK, TopKAccumulator, topKAsync } from './top-k.js';
export { SCORE_DEFINITIONS } from '../contract/codes.js';
export * from '../errors.js';
export { matrix } from '../matrix.js';
