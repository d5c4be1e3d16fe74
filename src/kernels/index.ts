export { allocMatrix } from './alloc.js';
export { badge } from './badge.js';
export { committee, committeeAsync } from './committee.js';
export { kCenterGreedy } from './k-center.js';
export { kMeansPlusPlus } from './k-means-plus-plus.js';
export { McDropoutAccumulator, mcDropout, mcDropoutAsync } from './mc-dropout.js';
export { sampleWithoutReplacement } from './sample.js';
export { score, scoreAsync, scoreTopK, scoreTopKAsync } from './score.js';
export { topK, TopKAccumulator, topKAsync } from './top-k.js';
