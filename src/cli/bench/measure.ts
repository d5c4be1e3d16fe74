/** One way of doing the work of a case. Runners of a case do the same work on the same data. */
export interface Runner {
  readonly name: string;
  /** Input bytes of a run where they differ from those of the case. */
  readonly bytes?: number;
  /**
   * For work of many seconds: at most so many rounds, and no warm-up. In a case that tells memory, a runner of one round
   * runs in a process of its own, which measures both.
   */
  readonly rounds?: number;
  /** Do the work once in a fresh process that measures its peak memory too; without it the case does that itself. */
  alone?(): Promise<Measured>;
  /**
   * Do the work once.
   *
   * @returns Seconds by both clocks, and a number that tells whether runners agree (the sum of the result), where they should.
   */
  run(): Measured | Promise<Measured>;
}

/** Wall time is what a user waits; processor time is what is left of it on a machine that others use, too. */
export type Clock = 'wall' | 'cpu';

export interface Measured {
  readonly wall: number;
  /** Processor time of the whole process that ran the work, all threads. */
  readonly cpu: number;
  readonly check?: number;
  /** Peak resident memory above what the process held before, where the run was alone in its process. */
  readonly peakBytes?: number;
}

export interface Samples {
  readonly name: string;
  /** Seconds of each round; sample i of all runners was taken within round i. Slow runners sit out the later rounds. */
  readonly seconds: readonly number[];
  readonly check: number | undefined;
  readonly bytes: number | undefined;
  readonly peakBytes: number | undefined;
}

export interface MeasureOptions {
  /** Rounds at most. */
  rounds: number;
  /** Stop starting rounds after this many seconds, but never before {@link MeasureOptions.leastRounds}. */
  budgetSeconds: number;
  leastRounds: number;
  clock: Clock;
  signal?: AbortSignal;
}

/** A sample is the median of as many runs as fit into this many seconds (up to 7): short work alone is too noisy. */
const SAMPLE_SECONDS = 0.03;
const MOST_REPEATS = 7;
/** Runners that take longer than this sit out the rounds after the least number: they would use up the budget. */
const SLOW_SECONDS = 0.4;

/** Time a synchronous piece of work; `check` looks at its result outside the timing. */
export function timed<Result>(work: () => Result, check?: (result: Result) => number): Measured {
  const cpuStart = process.cpuUsage();
  const start = process.hrtime.bigint();
  const result = work();
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  const cpu = secondsSince(cpuStart);
  return check === undefined ? { wall, cpu } : { wall, cpu, check: check(result) };
}

/** The same for work that ends with a promise; threads that work for it are charged to the processor time. */
export async function timedAsync<Result>(
  work: () => Promise<Result>,
  check?: (result: Result) => number,
): Promise<Measured> {
  const cpuStart = process.cpuUsage();
  const start = process.hrtime.bigint();
  const result = await work();
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  const cpu = secondsSince(cpuStart);
  return check === undefined ? { wall, cpu } : { wall, cpu, check: check(result) };
}

/** Processor time of all threads of this process. */
function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/**
 * Measure runners side by side: in every round each one takes its turn, and the order is turned round by round, so a
 * neighbour that slows the machine down for a while slows all of them. Compare them by the median of the per-round
 * ratios, {@link pairedRatio}, not by the ratio of two medians.
 */
export async function interleave(runners: readonly Runner[], options: MeasureOptions): Promise<Samples[]> {
  const samples = runners.map((runner) => ({
    name: runner.name,
    seconds: [] as number[],
    check: undefined as number | undefined,
    peakBytes: undefined as number | undefined,
    repeats: 1,
    slow: false,
    rounds: runner.rounds ?? options.rounds,
  }));
  type Sample = (typeof samples)[number];
  const run = async (runner: Runner, sample: Sample): Promise<Measured> => {
    options.signal?.throwIfAborted();
    const measured = await runner.run();
    sample.check ??= measured.check;
    sample.peakBytes ??= measured.peakBytes;
    return measured;
  };
  for (const [at, runner] of runners.entries()) {
    const sample = samples[at];
    if (sample === undefined || runner.rounds !== undefined) continue;
    const warm = await run(runner, sample);
    sample.slow = warm.wall > SLOW_SECONDS;
    sample.repeats = Math.max(1, Math.min(MOST_REPEATS, Math.floor(SAMPLE_SECONDS / warm.wall)));
  }
  const started = performance.now();
  for (let round = 0; round < options.rounds; round++) {
    if (round >= options.leastRounds && performance.now() - started > options.budgetSeconds * 1000) break;
    for (let turn = 0; turn < runners.length; turn++) {
      const at = (turn + round) % runners.length;
      const runner = runners[at];
      const sample = samples[at];
      if (runner === undefined || sample === undefined) continue;
      if (round >= sample.rounds || (sample.slow && round >= options.leastRounds)) continue;
      const runs: number[] = [];
      for (let repeat = 0; repeat < sample.repeats; repeat++) runs.push((await run(runner, sample))[options.clock]);
      sample.seconds.push(median(runs));
    }
  }
  return samples.map(({ name, seconds, check, peakBytes }, at) => ({
    name,
    seconds,
    check,
    bytes: runners[at]?.bytes,
    peakBytes,
  }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Median of time(of) / time(over) over the rounds in which both ran. */
export function pairedRatio(of: Samples, over: Samples): number {
  const rounds = Math.min(of.seconds.length, over.seconds.length);
  return median(of.seconds.slice(0, rounds).map((seconds, round) => seconds / (over.seconds[round] ?? NaN)));
}
