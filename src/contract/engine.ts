import type { NativeAddon } from '../../bindings/native.js';

/**
 * What computes: the compiled addon, or the TypeScript reference behind the same positional calls. Arguments are
 * already checked; see bindings/native.d.ts for what each one means.
 */
export type Engine = Pick<
  NativeAddon,
  | 'hardwareThreads'
  | 'score'
  | 'scoreAsync'
  | 'scoreTopK'
  | 'topK'
  | 'TopKState'
  | 'mcDropout'
  | 'mcDropoutAsync'
  | 'mcAccumulate'
  | 'voteEntropy'
  | 'voteEntropyAsync'
  | 'sampleWithoutReplacement'
  | 'kCenter'
  | 'kMeansPlusPlus'
  | 'badge'
  | 'ReplayStore'
  | 'batchBald'
  | 'facilityLocation'
  | 'pairwiseDistances'
  | 'pairwiseDistancesAsync'
  | 'kMeans'
  | 'tsne'
>;

export type {
  BadgeOutcome,
  BatchBaldOutcome,
  BlockScores,
  EmbeddingData,
  FacilityOutcome,
  IntegerData,
  KCenterOutcome,
  NativeReplayStore,
  NativeTopKState,
  ReplayState,
  KMeansOutcome,
  PairwiseOutcome,
  ScoreArray,
  SelectionOutcome,
  TopKOutcome,
  TsneOutcome,
} from '../../bindings/native.js';
