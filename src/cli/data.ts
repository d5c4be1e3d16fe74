import { Command, Option } from 'commander';
import type { DataCommandOptions } from './export-data.js';
import { processEffects } from './effects.js';

/** `querent data`. */
export function dataCommand(): Command {
  return new Command('data')
    .description('Write a data set into files: a pool to ask about, and what the answers are.')
    .argument('<name>', 'name of a data set, such as digits')
    .requiredOption('--export <path>', 'the pool: a table (.csv) of features, or a folder of PNG images')
    .option('--labels <file>', 'the right answers, which the pool does not tell: .csv (id,label)')
    .option('--test <path>', 'the test samples with their labels: as --export, images in folders named by class')
    .addOption(new Option('--data-dir <folder>', 'where data sets with files are (default: QUERENT_DATA_DIR)'))
    .action(async (name: string, options: DataCommandOptions) => {
      const { exportData } = await import('./export-data.js');
      await exportData(name, options, processEffects());
    });
}
