import { Command, Option } from 'commander';
import type { ReportCommandOptions } from './report-run.js';

function names(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `querent report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description('Write one page about one or more run folders, finished or not; it needs no network.')
    .argument('<folders...>', 'run folders, as written by querent run')
    .option('-o, --out <file>', 'the page (default: report.html in the first folder)')
    .option('--title <text>', 'heading of the page (default: what came out, in words)')
    .option('--strategies <names>', 'strategies to show, separated by commas (default: all)', names)
    .option('--data-dir <folder>', 'where data sets with files are, for map and pictures (default: QUERENT_DATA_DIR)')
    .addOption(
      new Option('--map <method>', 'how the pool is laid out: tsne or pca (default: tsne)').choices(['tsne', 'pca']),
    )
    .option('--no-map', 'leave the map of the pool out')
    .option('--markdown', 'print the tables as Markdown instead of the path')
    .option('--json', 'print {"report": path, "runs": [{folder, headline, tables}]}')
    .action(async (folders: string[], options: ReportCommandOptions) => {
      const [{ reportFromCommandLine }, { processEffects }] = await Promise.all([
        import('./report-run.js'),
        import('./effects.js'),
      ]);
      await reportFromCommandLine(folders, options, processEffects());
    });
}
