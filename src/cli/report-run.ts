import { join } from 'node:path';
import { writeFileAtomic } from '../pool/atomic.js';
import type { MapMethod } from '../report/map.js';
import { makeReport } from '../report/report.js';
import { markdownTable } from '../report/table.js';
import { type Effects, print, type Progress, progressBar, UsageError } from './effects.js';

/** Options of `querent report`, as commander delivers them. */
export interface ReportCommandOptions {
  readonly out?: string;
  readonly title?: string;
  readonly strategies?: string[];
  readonly focus?: string;
  readonly compare?: string[][];
  readonly round?: number;
  readonly dataDir?: string;
  /** True where neither --map nor --no-map was given. */
  readonly map?: MapMethod | boolean;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

/** Write the page, say where it is, and show how the long parts go. */
export async function reportFromCommandLine(
  folders: readonly string[],
  options: ReportCommandOptions,
  { stdout, stderr, signal }: Effects,
): Promise<void> {
  const { title, strategies, focus, compare, round, dataDir, map = true, markdown = false, json = false } = options;
  if (markdown && json) throw new UsageError('report: expected --json or --markdown, got both');
  const out = options.out ?? join(folders[0] as string, 'report.html');
  const progress = reportProgress(stderr);
  const report = await makeReport(folders, {
    title,
    strategies,
    focus,
    compare,
    round,
    dataDir,
    map: map === true ? undefined : map,
    signal,
    onProgress: progress.onProgress,
  }).finally(progress.done);
  await writeFileAtomic(out, report.html);
  if (json) await print(stdout, `${JSON.stringify({ report: out, runs: report.runs })}\n`);
  else if (markdown) await print(stdout, markdownOf(report));
  else await print(stdout, `${out}\n`);
}

/** A bar for every long part of a report. */
export function reportProgress(stream: Effects['stderr']): {
  onProgress: (what: string, share: number) => void;
  done: () => void;
} {
  const bars = new Map<string, Progress>();
  return {
    onProgress(what, share) {
      const bar = bars.get(what) ?? progressBar(what, NaN, { stream, format: (done) => `${Math.round(100 * done)} %` });
      bars.set(what, bar);
      bar.update(share);
    },
    done: () => bars.forEach((bar) => bar.done()),
  };
}

function markdownOf({ runs, tables }: Awaited<ReturnType<typeof makeReport>>): string {
  const parts = runs.map(({ headline }, at) =>
    [`## ${headline}`, ...(tables[at] ?? []).map(markdownTable)].join('\n\n'),
  );
  return `${parts.join('\n\n')}\n`;
}
