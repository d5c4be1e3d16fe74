import { Command, InvalidArgumentError, Option } from 'commander';
import type { ReportCommandOptions } from './report-run.js';

/** Names separated by commas; commas within brackets belong to a name, as in `margin(a=1, b=2)`. */
function names(text: string): string[] {
  const parts = text.match(/(?:\([^)]*\)|\[[^\]]*\]|[^,])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function moreNames(text: string, before: string[][] = []): string[][] {
  const strategies = names(text);
  if (strategies.length < 2) throw new InvalidArgumentError('expected two strategies or more, separated by commas');
  return [...before, strategies];
}

/** A whole number of at least 1, for commander. */
function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text.trim())) throw new InvalidArgumentError('expected a whole number of at least 1');
  return Number(text);
}

/** `querent report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description('Write one page about one or more run folders, finished or not; it needs no network.')
    .argument('<folders...>', 'run folders, as written by querent run')
    .option('-o, --out <file>', 'the page (default: report.html in the first folder)')
    .option('--title <text>', 'heading of the page (default: what came out, in words)')
    .option('--strategies <names>', 'strategies to show, separated by commas (default: all)', names)
    .option(
      '--focus <strategy>',
      'strategy to test against each other at every number of labels (default: sral, where it was run)',
    )
    .option('--compare <names>', 'show these curves also by themselves; can be given again', moreNames)
    .option('--round <number>', 'round whose picks are shown side by side (default: the last)', positive)
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
