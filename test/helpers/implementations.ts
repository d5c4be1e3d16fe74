import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';

export type Kernels = Pick<
  typeof querent,
  | 'score'
  | 'scoreAsync'
  | 'scoreTopK'
  | 'scoreTopKAsync'
  | 'topK'
  | 'topKAsync'
  | 'TopKAccumulator'
  | 'mcDropout'
  | 'mcDropoutAsync'
  | 'McDropoutAccumulator'
  | 'committee'
  | 'committeeAsync'
  | 'sampleWithoutReplacement'
  | 'kCenterGreedy'
  | 'kMeansPlusPlus'
  | 'badge'
  | 'averageLinkage'
  | 'clusterMargin'
  | 'facilityLocation'
  | 'pairwiseDistances'
  | 'pairwiseDistancesAsync'
  | 'kMeans'
  | 'tsne'
  | 'allocMatrix'
  | 'batchBald'
>;

/** Both ways to the same functions: whatever holds for one is asked of the other. */
export const implementations: readonly (readonly [string, Kernels])[] = [
  ['querent', querent],
  ['querent/reference', reference],
];
