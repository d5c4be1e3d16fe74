/** What `mcDropout`, `committee` and `McDropoutAccumulator` do once an engine is chosen. */
import { ValueError } from '../errors.js';
import { widenRow } from '../matrix.js';
import { ASYNC_KEYS, type AsyncOptions, blockRun, type BlockRun, checkAsync, isShared, runBlocks } from './blocks.js';
import type { AnyMeasure, McMeasure } from './codes.js';
import type { Engine } from './engine.js';
import {
  type CommitteeOptions,
  type McDropoutOptions,
  type PassesPlan,
  planCommittee,
  planMcDropout,
  readSamples,
  readSamplesAsync,
  type SamplesLike,
  type VotesPlan,
} from './passes-plan.js';
import { invalidRow, rowFault } from './rows.js';
import { inFlight } from './score-call.js';

/** Options of `mcDropoutAsync`. */
export interface McDropoutAsyncOptions extends McDropoutOptions, AsyncOptions {}
/** Options of `committeeAsync`. */
export interface CommitteeAsyncOptions extends CommitteeOptions, AsyncOptions {}

/** One array [N] for each measure that was asked for. */
export type McDropoutResult<M extends AnyMeasure = McMeasure> = Record<M, Float32Array>;

/** Votes [L, N] of any integer type, or predictions [L, N, C]. */
export type CommitteeInput = SamplesLike | Int8Array | Int16Array | Uint32Array | Int32Array;

export function mcDropoutWith(
  engine: Engine,
  where: string,
  samples: SamplesLike,
  options: McDropoutOptions,
): McDropoutResult {
  const plan = planMcDropout(where, readSamples(where, samples), options);
  return named(plan, measurePasses(engine, plan));
}

export async function mcDropoutAsyncWith(
  engine: Engine,
  where: string,
  samples: SamplesLike,
  options: McDropoutAsyncOptions,
): Promise<McDropoutResult> {
  checkAsync(where, options);
  const plan = planMcDropout(where, await readSamplesAsync(where, samples), options, ASYNC_KEYS);
  return named(plan, await measurePassesAsync(engine, plan, options));
}

export function committeeWith(
  engine: Engine,
  where: string,
  samples: CommitteeInput,
  options: CommitteeOptions,
): Float32Array {
  const plan = planCommittee(where, readSamples(where, samples), options);
  if (!isVotesPlan(plan)) return measurePasses(engine, plan)[0] as Float32Array;
  const out = new Float32Array(plan.rows);
  checkVotes(plan, engine.voteEntropy(plan.votes, plan.members, plan.rows, plan.cols, plan.threads, out));
  return out;
}

export async function committeeAsyncWith(
  engine: Engine,
  where: string,
  samples: CommitteeInput,
  options: CommitteeAsyncOptions,
): Promise<Float32Array> {
  checkAsync(where, options);
  const plan = planCommittee(where, await readSamplesAsync(where, samples), options, ASYNC_KEYS);
  if (!isVotesPlan(plan)) return (await measurePassesAsync(engine, plan, options))[0] as Float32Array;
  const { votes, members, rows, cols } = plan;
  const out = new Float32Array(rows);
  const shared = isShared(votes);
  const rowBytes = members * votes.BYTES_PER_ELEMENT;
  const run = blockRun(where, 'votes', votes, rows, rowBytes, inFlight(engine, plan.threads), options);
  let lowest = Infinity;
  await runBlocks(run, async (begin, end) => {
    const block = await engine.voteEntropyAsync(votes, shared, members, rows, cols, begin, end);
    out.set(block.scores, begin);
    if (block.invalidAt >= 0) lowest = Math.min(lowest, block.invalidAt);
    return block.invalidAt < 0;
  });
  checkVotes(plan, lowest === Infinity ? -1 : lowest);
  return out;
}

function isVotesPlan(plan: PassesPlan | VotesPlan): plan is VotesPlan {
  return 'votes' in plan;
}

function checkVotes(plan: VotesPlan, invalidAt: number): void {
  if (invalidAt < 0) return;
  const member = Math.floor(invalidAt / plan.rows);
  throw new ValueError(
    `${plan.where}: expected votes from 0 to ${plan.cols - 1}, ` +
      `got ${String(plan.votes[invalidAt])} from member ${member} for row ${invalidAt - member * plan.rows}`,
  );
}

function measurePasses(engine: Engine, plan: PassesPlan): Float32Array[] {
  const outs = plan.measures.map(() => new Float32Array(plan.rows));
  const invalid = engine.mcDropout(
    plan.view.data,
    plan.dtype,
    plan.passes,
    plan.rows,
    plan.cols,
    plan.from,
    plan.normalize,
    plan.tolerance,
    plan.mask,
    plan.threads,
    outs,
  );
  if (invalid >= 0 && plan.throwsOnInvalid) throw invalidSample(plan, invalid);
  return outs;
}

async function measurePassesAsync(engine: Engine, plan: PassesPlan, options: AsyncOptions): Promise<Float32Array[]> {
  const { view, passes, rows, cols } = plan;
  const outs = plan.measures.map(() => new Float32Array(rows));
  const shared = isShared(view.data);
  const run = sampleRun(engine, plan, options);
  let lowest = Infinity;
  await runBlocks(run, async (begin, end) => {
    const block = await engine.mcDropoutAsync(
      view.data,
      shared,
      plan.dtype,
      passes,
      rows,
      cols,
      begin,
      end,
      plan.from,
      plan.normalize,
      plan.tolerance,
      plan.mask,
    );
    block.outs.forEach((part, m) => outs[m]?.set(part, begin));
    if (block.invalidRow >= 0) lowest = Math.min(lowest, begin + block.invalidRow);
    return block.invalidRow < 0 || !plan.throwsOnInvalid;
  });
  if (lowest < Infinity && plan.throwsOnInvalid) throw invalidSample(plan, lowest);
  return outs;
}

function sampleRun(engine: Engine, plan: PassesPlan, options: AsyncOptions): BlockRun {
  const rowBytes = plan.passes * plan.cols * plan.view.data.BYTES_PER_ELEMENT;
  return blockRun(plan.where, 'samples', plan.view.data, plan.rows, rowBytes, inFlight(engine, plan.threads), options);
}

function named(plan: PassesPlan, outs: readonly Float32Array[]): McDropoutResult {
  return Object.fromEntries(plan.measures.map((measure, m) => [measure, outs[m]])) as McDropoutResult;
}

/** The error for a sample that is unusable in at least one pass: it names the first such pass. */
function invalidSample(plan: PassesPlan, row: number): ValueError {
  const values = new Float64Array(plan.cols);
  const isReadable = plan.view.data.length > 0;
  for (let t = 0; isReadable && t < plan.passes; t++) {
    widenRow(plan.view, t * plan.rows + row, values);
    const fault = rowFault(values, plan);
    if (fault !== null) return invalidRow(plan.where, `row ${row} of pass ${t}`, values, plan);
  }
  return invalidRow(plan.where, `row ${row}`, null, plan);
}
