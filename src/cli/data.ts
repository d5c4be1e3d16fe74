import { Command, InvalidArgumentError } from 'commander';
import type { ExportOptions } from './export-data.js';
import { InterruptedError, processEffects, UsageError } from './effects.js';
import type { ShowOptions } from './show-data.js';

/** `size=28` adds to the options so far; the value is read as YAML, so `parts=[small1, small2]` is a list. */
function keyValue(text: string, before: readonly string[] = []): string[] {
  if (!/^[A-Za-z]\w*=/.test(text)) throw new InvalidArgumentError('expected an option as name=value');
  return [...before, text];
}

type DataOptions = ShowOptions & Partial<ExportOptions>;

/** `querent data`. */
export function dataCommand(): Command {
  return new Command('data')
    .description(
      'List the data sets; check that the files of one are there and whole; write one into files of your own.',
    )
    .argument('[name]', 'data set, such as digits')
    .option('--data-dir <folder>', 'where data sets with files are (default: QUERENT_DATA_DIR, then the cache)')
    .option('--download', 'fetch official files that are missing into the cache')
    .option('--mirror <address>', 'with --download: folder on another server to fetch them from')
    .option('-O, --option <name=value>', 'an option of the data set; may be given several times', keyValue)
    .option('--export <path>', 'write the pool: a table (.csv) of features, or a folder of PNG images')
    .option('--labels <file>', 'with --export: the right answers, which the pool does not tell: .csv (id,label)')
    .option('--test <path>', 'with --export: the test samples with their labels; images in folders named by class')
    .option('--json', 'print what was found as JSON and nothing else on stdout')
    .addHelpText(
      'after',
      `
Nothing is fetched without --download. Files are checked against their makers' checksums, whatever server they come
from. The cache is QUERENT_CACHE_DIR, else XDG_CACHE_HOME/querent, else ~/.cache/querent.

  querent data
  querent data cifar-10 --download
  querent data omniglot -O parts=[small1,small2] -O size=28 --data-dir data
  querent data digits --export pool.csv --labels answers.csv --test test.csv`,
    )
    .action(async (name: string | undefined, options: DataOptions) => {
      const effects = processEffects();
      try {
        await run(name, options);
      } catch (error) {
        const { reason } = effects.signal;
        throw effects.signal.aborted && reason instanceof InterruptedError ? reason : error;
      }
    });
}

async function run(name: string | undefined, options: DataOptions): Promise<void> {
  const { listData, readSettings, showData } = await import('./show-data.js');
  const { export: path, labels, test, download, mirror, option, dataDir } = options;
  if (mirror !== undefined && download !== true) throw new UsageError('--mirror goes with --download');
  if (path === undefined && (labels !== undefined || test !== undefined)) {
    throw new UsageError('--labels and --test go with --export');
  }
  if (name === undefined) {
    if (download === true || option !== undefined || path !== undefined) {
      throw new UsageError('say which data set, e.g. querent data mnist; without a name all are listed');
    }
    return listData(options, processEffects());
  }
  if (path === undefined) return showData(name, options, processEffects());
  const { exportData } = await import('./export-data.js');
  const load = { dataDir, download, mirror, options: readSettings(option ?? []) };
  return exportData(name, { export: path, labels, test, load }, processEffects());
}
