import { join } from 'node:path';
import { Command } from 'commander';
import { print, processEffects } from './effects.js';

/** `querent report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description('Write a page with the learning curves of one or more run folders, finished or not.')
    .argument('<folders...>', 'run folders, as written by querent run')
    .option('-o, --out <file>', 'the page (default: report.html in the first folder)')
    .option('--json', 'print {"report": path}')
    .action(async (folders: string[], options: { out?: string; json?: boolean }) => {
      const { writeReport } = await import('../report/report.js');
      const { stdout } = processEffects();
      const out = options.out ?? join(folders[0] as string, 'report.html');
      await writeReport(folders, out);
      await print(stdout, options.json === true ? `${JSON.stringify({ report: out })}\n` : `${out}\n`);
    });
}
