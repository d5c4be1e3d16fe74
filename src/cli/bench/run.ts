import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeInfo, setLevel, type Level } from '../../index.js';
import { writeFileAtomic } from '../../pool/atomic.js';
import { alignTable, formatBytes, formatSeconds, print, progressBar, UsageError, type Effects } from '../effects.js';
import type { BenchCase, Gate } from './case.js';
import { CASES } from './cases.js';
import { BenchContext } from './context.js';
import { currentCommit, describeMachine, type MachineInfo } from './machine.js';
import { interleave, median, pairedRatio, type Clock, type Measured, type Runner, type Samples } from './measure.js';
import { runInChild } from './memory.js';
import { PythonPeers } from './python.js';
import { TfjsPeer } from './tfjs.js';

/** Options of `querent bench`, as commander delivers them. */
export interface BenchOptions {
  readonly list?: boolean;
  readonly rounds: number;
  readonly budget: number;
  readonly scale: number;
  readonly clock: Clock;
  readonly level?: string;
  readonly python?: string;
  readonly peers: boolean;
  /** Measure the memory of the cases that tell it. */
  readonly memory?: boolean;
  readonly json?: boolean;
  readonly out?: string;
}

export interface RunnerResult {
  readonly name: string;
  /** Input bytes that one run reads. */
  readonly bytes: number;
  readonly medianSeconds: number;
  readonly leastSeconds: number;
  /** Median over the rounds of this runner's time / querent's: how many times faster querent is. */
  readonly ratio: number;
  /** Sum of the result, where runners should agree on it. */
  readonly check?: number;
  /** Peak resident memory of one run above the process with its input, in the cases that tell it. */
  readonly peakBytes?: number;
  readonly samples: readonly number[];
}

export interface GateResult extends Gate {
  readonly ratio: number;
  readonly pass: boolean;
}

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly clock: Clock;
  readonly elements: number;
  /** How far `check` values may be apart, relative to ours. */
  readonly tolerance: number;
  readonly runners: readonly RunnerResult[];
  /** Only at full scale, and only where both runners are there. */
  readonly gates: readonly GateResult[];
}

/** What `--json` prints and `--out` writes. */
export interface BenchResult {
  readonly format: 'querent-bench/1';
  readonly date: string;
  readonly commit: string | null;
  readonly machine: MachineInfo;
  readonly querent: { readonly version: string; readonly level: string; readonly addon: boolean };
  readonly peers: Readonly<Record<string, string>>;
  readonly scale: number;
  /** What the times are, except in cases that are always measured by the wall. */
  readonly clock: Clock;
  readonly cases: readonly CaseResult[];
  /** Load average after the last case. */
  readonly loadAverageAfter: readonly number[];
}

const LEAST_ROUNDS = 5;
/** Sums of results of different libraries may differ by their rounding, not by more. */
const DEFAULT_TOLERANCE = 1e-3;

/** `querent bench`. */
export async function runBench(filter: string, options: BenchOptions, effects: Effects): Promise<void> {
  const exact = CASES.filter(({ id }) => id === filter);
  const chosen = exact.length > 0 ? exact : CASES.filter(({ id }) => id.includes(filter));
  if (chosen.length === 0) {
    throw new UsageError(
      `no case is named like ${JSON.stringify(filter)}; there are ${CASES.map(({ id }) => id).join(', ')}`,
    );
  }
  if (options.list) return print(effects.stdout, chosen.map(({ id, title }) => `${id.padEnd(22)}${title}\n`).join(''));
  if (options.level !== undefined) setLevel(options.level as Level);
  const python = options.peers ? await PythonPeers.start(options.python) : undefined;
  const tfjs = options.peers ? await TfjsPeer.start() : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'querent-bench-'));
  const context = new BenchContext(options.scale, folder, python, tfjs);
  const { version, level, addon } = runtimeInfo();
  const about = {
    format: 'querent-bench/1' as const,
    date: new Date().toISOString(),
    commit: currentCommit(),
    machine: describeMachine(),
    querent: { version, level, addon: addon !== null },
    peers: { ...(tfjs ? { tensorflow: tfjs.name } : {}), ...python?.versions },
    scale: options.scale,
    clock: options.clock,
  };
  const cases: CaseResult[] = [];
  const bar = progressBar('benchmarks', chosen.length, { stream: effects.stderr });
  try {
    if (!options.json) await print(effects.stdout, aboutText(about));
    for (const benchCase of chosen) {
      const result = await runCase(benchCase, context, options, effects.signal);
      cases.push(result);
      bar.done();
      if (!options.json) await print(effects.stdout, caseText(result));
      bar.update(cases.length);
    }
  } finally {
    bar.done();
    python?.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const result: BenchResult = { ...about, cases, loadAverageAfter: describeMachine().loadAverage };
  const text = `${JSON.stringify(result, null, 1)}\n`;
  if (options.out !== undefined) await writeFileAtomic(options.out, text);
  await print(effects.stdout, options.json ? text : gatesText(result));
}

async function runCase(
  benchCase: BenchCase,
  context: BenchContext,
  options: BenchOptions,
  signal: AbortSignal,
): Promise<CaseResult> {
  const { id, title } = benchCase;
  try {
    const { runners: prepared, bytes, elements } = await benchCase.prepare(context);
    const tellMemory = benchCase.memory === true && options.memory === true;
    const alone = (runner: Runner): Promise<Measured> =>
      runner.alone?.() ?? runInChild({ id, runner: runner.name, scale: options.scale }, options.level, signal);
    const runners = prepared.map((runner) => limited(runner, benchCase.rounds, tellMemory ? alone : undefined));
    const { rounds, budget } = options;
    const clock = benchCase.clock ?? options.clock;
    const limits = { rounds, budgetSeconds: budget, leastRounds: LEAST_ROUNDS };
    const samples = await interleave(runners, { ...limits, clock, signal });
    const ours = samples[0] as Samples;
    const peaks: (number | undefined)[] = [];
    for (const [at, runner] of tellMemory ? prepared.entries() : []) {
      signal.throwIfAborted();
      peaks.push(samples[at]?.peakBytes ?? (await alone(runner)).peakBytes);
    }
    const results = samples.map((sample, at) => ({
      name: sample.name,
      bytes: sample.bytes ?? bytes,
      medianSeconds: median(sample.seconds),
      leastSeconds: Math.min(...sample.seconds),
      ratio: pairedRatio(sample, ours),
      ...(sample.check === undefined ? {} : { check: sample.check }),
      ...(peaks[at] === undefined ? {} : { peakBytes: peaks[at] }),
      samples: sample.seconds,
    }));
    const gates = options.scale === 1 ? benchCase.gates.flatMap((gate) => judge(gate, samples)) : [];
    const scaled = options.scale === 1 ? '' : `, rows x ${options.scale}`;
    const tolerance = benchCase.tolerance ?? DEFAULT_TOLERANCE;
    return { id, title: `${title}${scaled}`, clock, elements, tolerance, runners: results, gates };
  } finally {
    await context.release();
  }
}

/**
 * A runner with the limits of its case. One that runs in one round only does so where its memory is measured: that costs
 * no second run of many seconds.
 */
function limited(
  runner: Runner,
  caseRounds: number | undefined,
  alone: ((runner: Runner) => Promise<Measured>) | undefined,
): Runner {
  const rounds = Math.min(runner.rounds ?? Infinity, caseRounds ?? Infinity);
  if (rounds === Infinity) return runner;
  const run = rounds === 1 && alone !== undefined ? () => alone(runner) : () => runner.run();
  return { ...runner, rounds, run };
}

function judge(gate: Gate, samples: readonly Samples[]): GateResult[] {
  const of = samples.find(({ name }) => name === gate.of);
  const over = samples.find(({ name }) => name === gate.over);
  if (of === undefined || over === undefined) return [];
  const ratio = pairedRatio(of, over);
  return [{ ...gate, ratio, pass: gate.kind === 'least' ? ratio >= gate.limit : ratio <= gate.limit }];
}

function aboutText(about: Omit<BenchResult, 'cases' | 'loadAverageAfter'>): string {
  const { machine, querent, peers } = about;
  const { cpu, cores, flags, caches, loadAverage, node, system } = machine;
  return [
    `querent ${querent.version}, ${querent.addon ? `level ${querent.level}` : 'TypeScript reference (no addon)'}, Node ${node}, ${system}`,
    `${cpu}, ${cores} cores, ${caches.join(', ')}, load ${loadAverage.join(' ')}`,
    flags.join(' '),
    `peers: ${
      Object.entries(peers)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') || 'plain JS only'
    }`,
    '',
  ].join('\n');
}

function caseText({ id, title, clock, runners, elements, gates, tolerance }: CaseResult): string {
  const ours = runners[0];
  const memory = runners.some(({ peakBytes }) => peakBytes !== undefined);
  const rows = runners.map((runner) => [
    runner.name,
    formatSeconds(runner.medianSeconds),
    ((runner.medianSeconds / elements) * 1e9).toFixed(3),
    (runner.bytes / runner.medianSeconds / 1e9).toFixed(2),
    runner.ratio.toFixed(2),
    ...(memory ? [runner.peakBytes === undefined ? '' : formatBytes(runner.peakBytes)] : []),
    differs(runner, ours, tolerance) ? 'differs!' : '',
  ]);
  const table = alignTable(
    [
      '',
      clock === 'cpu' ? 'cpu time' : 'median',
      'ns/element',
      'GB/s',
      'times ours',
      ...(memory ? ['memory'] : []),
      '',
    ],
    rows,
    1,
  );
  return `\n${id}: ${title}\n${table}${gates.map((gate) => `  ${gateText(gate)}\n`).join('')}`;
}

/** True when a peer's result is not ours: then its time says nothing. */
function differs(runner: RunnerResult, ours: RunnerResult | undefined, tolerance: number): boolean {
  if (runner.check === undefined || ours?.check === undefined) return false;
  return !(Math.abs(runner.check - ours.check) <= tolerance * Math.abs(ours.check));
}

function gateText({ of, over, limit, kind, ratio, pass }: GateResult): string {
  const sign = kind === 'least' ? '>=' : '<=';
  return `${pass ? 'PASS' : 'MISS'}  ${of} / ${over} = ${ratio.toFixed(2)} (${sign} ${limit})`;
}

function gatesText({ cases, scale }: BenchResult): string {
  if (scale !== 1) return '\nGates are judged at full scale only.\n';
  const rows = cases.flatMap(({ id, gates }) =>
    gates.map(({ of, over, kind, limit, ratio, pass }) => [
      pass ? 'PASS' : 'MISS',
      id,
      `${of} / ${over}`,
      ratio.toFixed(2),
      `${kind === 'least' ? '>=' : '<='} ${limit}`,
    ]),
  );
  if (rows.length === 0) return '';
  const missed = rows.filter(([verdict]) => verdict === 'MISS').length;
  const table = alignTable(['', 'case', 'time ratio', 'measured', 'gate'], rows, 3);
  return `\n${table}${rows.length - missed} of ${rows.length} gates passed\n`;
}
