/** One way of doing the work of a case. Runners of a case do the same work on the same data. */
export interface Runner {
  readonly name: string;
  /** Input bytes of a run where they differ from those of the case. */
  readonly bytes?: number;
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
}

export interface Samples {
  readonly name: string;
  /** Seconds of each round; sample i of all runners was taken within round i. Slow runners sit out the later rounds. */
  readonly seconds: readonly number[];
  readonly check: number | undefined;
  readonly bytes: number | undefined;
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
  const { user, system } = process.cpuUsage(cpuStart);
  const cpu = (user + system) / 1e6;
  return check === undefined ? { wall, cpu } : { wall, cpu, check: check(result) };
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
    check: NaN,
    repeats: 1,
    slow: false,
  }));
  for (const [at, runner] of runners.entries()) {
    const warm = await runner.run();
    const sample = samples[at];
    if (sample === undefined) continue;
    sample.check = warm.check ?? NaN;
    sample.slow = warm.wall > SLOW_SECONDS;
    sample.repeats = Math.max(1, Math.min(MOST_REPEATS, Math.floor(SAMPLE_SECONDS / warm.wall)));
  }
  const started = performance.now();
  for (let round = 0; round < options.rounds; round++) {
    if (round >= options.leastRounds && performance.now() - started > options.budgetSeconds * 1000) break;
    for (let turn = 0; turn < runners.length; turn++) {
      options.signal?.throwIfAborted();
      const at = (turn + round) % runners.length;
      const runner = runners[at];
      const sample = samples[at];
      if (runner === undefined || sample === undefined) continue;
      if (sample.slow && round >= options.leastRounds) continue;
      const runs: number[] = [];
      for (let repeat = 0; repeat < sample.repeats; repeat++) runs.push((await runner.run())[options.clock]);
      sample.seconds.push(median(runs));
    }
  }
  return samples.map(({ name, seconds, check }, at) => ({
    name,
    seconds,
    check: Number.isNaN(check) ? undefined : check,
    bytes: runners[at]?.bytes,
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
