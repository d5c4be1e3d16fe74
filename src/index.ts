/** querent: active learning for TypeScript. */
export * from './errors.js';
export {
  type DType,
  type FloatDType,
  type Matrix,
  matrix,
  type MatrixData,
  type MatrixOptions,
  type MatrixView,
} from './matrix.js';
export * from './kernels/index.js';
export { philox4x32, Random, type RandomState, seedKey } from './reference/philox.js';
export { type Level, setLevel } from './native.js';
export { type RuntimeInfo, runtimeInfo, type TensorflowInfo } from './runtime.js';
export {
  type CommitteeMeasure,
  type Kind,
  type McMeasure,
  type Method,
  type Metric,
  type Normalize,
  type OnInvalid,
  SCORE_DEFINITIONS,
  type Source,
  type TieBreak,
} from './contract/codes.js';
export type { BatchBaldOptions, BatchBaldResult } from './contract/batch-bald-call.js';
export type { McAccumulatorOptions } from './contract/accumulator.js';
export type { AsyncOptions, Progress } from './contract/blocks.js';
export type { ClusterMarginOptions, Tree, TreeOptions } from './contract/cluster-margin-call.js';
export type { FacilityLocationOptions, FacilityLocationSelection } from './contract/facility-call.js';
export type { KMeansClusters, KMeansOptions } from './contract/k-means-call.js';
export type { PairwiseAsyncOptions, PairwiseOptions } from './contract/pairwise-call.js';
export type {
  CommitteeAsyncOptions,
  CommitteeInput,
  McDropoutAsyncOptions,
  McDropoutResult,
} from './contract/passes-call.js';
export type { CommitteeOptions, McDropoutOptions, PassOptions, SamplesLike } from './contract/passes-plan.js';
export type { SampleOptions } from './contract/sample-call.js';
export type {
  ScoreAsyncOptions,
  ScoreOptions,
  ScoreTopKAsyncOptions,
  ScoreTopKOptions,
} from './contract/score-call.js';
export type { ScoringOptions } from './contract/score-plan.js';
export type { KCenterSelection, Selection } from './contract/selection-call.js';
export type {
  BadgeOptions,
  KCenterOptions,
  KMeansPlusPlusOptions,
  SelectionOptions,
} from './contract/selection-plan.js';
export type { MatrixLike } from './contract/tensor-like.js';
export type { TopKAsyncOptions } from './contract/top-k-call.js';
export type { PickOptions, TopK, TopKOptions } from './contract/top-k-plan.js';
export type { TsneLayout, TsneOptions } from './contract/tsne-call.js';
export {
  type Dataset,
  type DatasetType,
  datasetType,
  type LabeledSamples,
  type LoadOptions,
  type LoadProgress,
} from './data/dataset.js';
export type { Checksum, DataFile } from './data/files.js';
export { datasets, loadDataset } from './data/registry.js';
export type { ReplayBatch, ReplayRows, ReplaySampleOptions } from './contract/replay-call.js';
export type {
  NStepOptions,
  PriorityOptions,
  ReplayDtype,
  ReplayField,
  ReplayFields,
  ReplayOptions,
} from './contract/replay-plan.js';
export type { ReservoirOptions, ReservoirSample } from './reference/reservoir.js';
export { ReplayBuffer } from './rl/replay-buffer.js';
export { type Actor, type ActorCritic, type Critic, denseActorCritic } from './rl/ddpg/actor-critic.js';
export { Ddpg, type DdpgLosses, type DdpgOptions, type Transition } from './rl/ddpg/ddpg.js';
export { NOISES, type NoiseName } from './rl/ddpg/noise.js';
export { greedyReturns, practise, type PracticeOptions } from './rl/ddpg/practice.js';
export type { Environment as ControlTask, EnvironmentStep as ControlStep } from './rl/environments/environment.js';
export type {
  EpochInfo,
  FitOptions,
  FitResult,
  FloatRows,
  MemberOptions,
  MemberPredictions,
  Model,
  ModelLoader,
  PredictOptions,
} from './models/model.js';
export { fitTemperature, temper } from './models/calibration.js';
export { createModel, loadModel, models } from './models/registry.js';
export type { ModelType } from './models/types.js';
export { createStrategy, strategies } from './strategies/registry.js';
export {
  type Interactive,
  type Need,
  type QueryContext,
  type QueryOptions,
  type QueryResult,
  type QueryStrategy,
  SKIPPED,
  type TrainingHistory,
} from './strategies/strategy.js';
export type { StrategyType } from './strategies/types.js';
export { ActiveLearner } from './learner/learner.js';
export type { ActiveLearnerOptions, KnownSamples, RestoreOptions } from './learner/learner-options.js';
export type { BatchLabels, BatchQuestions, BudgetLike, RunOptions, RunResult, WorkOptions } from './learner/run.js';
export { FixedPredictions, fixedPredictions } from './learner/fixed-predictions.js';
export type { PickExplanation } from './learner/explanations.js';
export { labelBalance, type LabelBalance, measure, type Metrics } from './learner/metrics.js';
export type { MembersLike, PoolArrays } from './learner/pool-arrays.js';
export type { Costs } from './learner/prices.js';
export { queryFrom, type QueryFromOptions, type QuerySources } from './learner/query-from.js';
export { costlyOracle, type PriceOptions } from './learner/oracles/costly.js';
export { humanOracle, type HumanOracle, type HumanOracleOptions } from './learner/oracles/human.js';
export { noisyOracle, type NoiseOptions } from './learner/oracles/noisy.js';
export type { Answers, DetailedAnswers, Oracle, OracleOptions } from './learner/oracles/oracle.js';
export { refusingOracle, type RefusalOptions } from './learner/oracles/refusing.js';
export { simulatedOracle } from './learner/oracles/simulated.js';
export type { ExplainedQuery, Round, RoundSeconds, ValidationReport } from './learner/round.js';
export type { StoppingCriterion, StoppingType, StoppingView } from './learner/stopping/criterion.js';
export { cohenKappa } from './learner/stopping/kappa.js';
export { createStopping, stoppingCriteria } from './learner/stopping/registry.js';
export type { Stop, StoppingLike } from './learner/stopping/watchers.js';
export type { Key } from './learner/units.js';
export { type GroupSplit, splitByGroups } from './learner/validation.js';
export {
  compareStrategies,
  type Comparison,
  type ComparisonOptions,
  type PairComparison,
  type TestedDifference,
} from './experiment/comparison.js';
export { type Saving } from './experiment/savings.js';
export { type WinLossMatrix, winLossMatrix } from './experiment/win-loss.js';
export { type ExperimentConfig, type ExperimentConfigInput } from './experiment/config.js';
export type { Environment } from './experiment/environment.js';
export {
  type ExperimentOptions,
  type ExperimentResult,
  resumeExperiment,
  type ResumeOptions,
  runExperiment,
} from './experiment/experiment.js';
export type { PicksRecord, RoundRecord } from './experiment/records.js';
export type { StrategySummary } from './experiment/summary.js';
export type { Estimate } from './experiment/statistics/estimate.js';
export { type ReportOptions, type RunReport, writeReport } from './report/report.js';
export type { MapMethod } from './report/map.js';
export type { PlainTable } from './report/table.js';
export { type AskOptions, type AskResult, Campaign, type OpenOptions, type TellResult } from './campaign/campaign.js';
export type { Agreement } from './campaign/agreement.js';
export type { Predictions } from './campaign/asking.js';
export type { CampaignOptions, NamedChoice } from './campaign/create.js';
export type { CampaignRound, Pick as CampaignPick, Quality } from './campaign/records.js';
export type { CampaignSettings } from './campaign/settings.js';
export type { Conflict } from './campaign/state.js';
export type { CampaignStatus } from './campaign/status.js';
export type { GivenAnswer, Received, TellOptions } from './campaign/telling.js';
export { EXCHANGE_FORMATS, type ExchangeFormat } from './interop/answers.js';
