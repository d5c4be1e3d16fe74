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
  | 'ReplayStore'
>;

export type { BlockScores, IntegerData, NativeTopKState, ScoreArray, TopKOutcome } from '../../bindings/native.js';
export type { NativeReplayStore, ReplayState } from '../../bindings/native.js';
