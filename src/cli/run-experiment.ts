import { join } from 'node:path';
import type { ExperimentResult } from '../experiment/experiment.js';
import type { FailureRecord } from '../experiment/records.js';
import { writeReport } from '../report/report.js';
import { type Effects, EXIT, formatSeconds, print } from './effects.js';
import { reportProgress } from './report-run.js';
import { planRun, type PlannedRun, type RunCommandOptions } from './run-plan.js';
import { failureTable, summaryTable } from './run-summary.js';
import { liveTable } from './run-table.js';

/**
 * Run or resume an experiment, show how it goes, and write the report; the report is also written when it is stopped. Runs that
 * fail are told at the end, with exit code 1.
 */
export async function runFromCommandLine(
  file: string | undefined,
  options: RunCommandOptions,
  effects: Effects,
): Promise<void> {
  const { folder, runs } = await planRun(file, options);
  const { stdout, stderr, signal } = effects;
  const { dataDir, json } = options;
  const started = performance.now();
  const report = join(folder, 'report.html');
  const results: ExperimentResult[] = [];
  const folders: string[] = [];
  for (const run of runs) {
    folders.push(run.folder);
    try {
      results.push(await watched(run, effects));
    } catch (error) {
      if (signal.aborted) {
        await writeReport(folders, report, { dataDir, map: false }); // no long work now
        stderr.write(`stopped; go on with: querent run --resume ${folder}\n`);
      }
      throw error;
    }
  }
  const progress = reportProgress(stderr);
  await writeReport(folders, report, { dataDir, signal, onProgress: progress.onProgress }).finally(progress.done);
  const failures = results.flatMap((result) => result.failures);
  if (failures.length > 0) process.exitCode = EXIT.failure;
  if (json === true) {
    const outcomes = results.map(outcomeOf);
    await print(
      stdout,
      `${JSON.stringify({ folder, report, ...outcomes[0], ...(runs.length > 1 && { runs: outcomes }) })}\n`,
    );
    return;
  }
  for (const result of results) {
    const title = results.length > 1 ? `${result.config.dataset.name}\n` : '';
    await print(stdout, `${title}${summaryTable(result)}\n`);
  }
  await print(stdout, `${report}\n`);
  if (failures.length > 0) {
    stderr.write(`\n${failureTable(failures)}try them again with: querent run --resume ${folder}\n`);
  }
  stderr.write(`${formatSeconds((performance.now() - started) / 1000)} in all\n`);
}

/** Run with the live table on stderr. */
async function watched(run: PlannedRun, { stderr, signal }: Effects): Promise<ExperimentResult> {
  const table = liveTable(run.config, stderr);
  const say = (message: string): void => {
    table.clear();
    stderr.write(`${message}\n`);
  };
  try {
    return await run.run({
      signal,
      log: say,
      onRound: (record) => table.add(record),
      onFailure: ({ strategy, seed, reason }: FailureRecord) => say(`${strategy}, seed ${seed} failed: ${reason}`),
    });
  } finally {
    table.done();
  }
}

function outcomeOf({ folder, config, environment, summary, comparison, failures }: ExperimentResult): object {
  return { folder, config, environment, summary, comparison, failures };
}
