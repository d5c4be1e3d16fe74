import { Command, Option } from 'commander';
import { processEffects } from './effects.js';
import { seedNumber, wholeNumber } from './score.js';
import type { SelectOptions } from './select-rows.js';
import { SELECTORS } from './selectors.js';

/** `querent select`. */
export function selectCommand(): Command {
  return new Command('select')
    .description('Pick rows that are diverse, or diverse and uncertain, from files of embeddings and predictions.')
    .addOption(new Option('-s, --strategy <name>', 'how to pick').choices(Object.keys(SELECTORS)).makeOptionMandatory())
    .requiredOption('-k, --count <count>', 'how many rows to pick', wholeNumber(0))
    .option('--embeddings <file>', '.npy [rows, dimensions]: float16/32/64 or uint8, C order')
    .option('--probs <file>', '.npy [rows, classes]: predictions, float16/32/64')
    .option('--samples <file>', '.npy [passes, rows, classes]: repeated predictions, float16/32/64')
    .option('--labeled <file>', 'rows that are labelled already: .npy of integers, or one row number per line')
    .addOption(
      new Option('--metric <name>', 'distance of embeddings (default: euclidean)').choices(['euclidean', 'cosine']),
    )
    .option('--first <row>', 'the first pick where nothing is labelled (default: 0)', wholeNumber(0))
    .addOption(
      new Option('--from <what>', 'what predictions are (default: probabilities)').choices(['probabilities', 'logits']),
    )
    .addOption(
      new Option(
        '--normalize <how>',
        'predictions that do not sum to 1: error, divide by the sum, or take as they are (default: check)',
      ).choices(['check', 'divide', 'none']),
    )
    .option('--seed <number>', 'of random draws (default: 0)', seedNumber)
    .option('--num-samples <count>', 'joint configurations that batch-bald samples (default: 10000)', wholeNumber(1))
    .option('--neighbours <count>', 'similar rows that count for each row (default: all that fit)', wholeNumber(1))
    .option('-o, --out <file>', 'write the picks: .json, .csv (index,score) or .npy (int64)')
    .option('--threads <count>', 'threads that work (default: all)', wholeNumber(1))
    .option('--level <name>', 'CPU level: scalar, avx2, avx512, neon (default: the best)')
    .option('--json', 'print {"indices":[...],"scores":[...]} and nothing else on stdout')
    .addHelpText(
      'after',
      `\nFiles per strategy:\n${Object.entries(SELECTORS)
        .map(
          ([name, { inputs, about }]) =>
            `  ${name.padEnd(18)}${inputs
              .map((input) => `--${input}`)
              .join(' ')
              .padEnd(24)}${about}`,
        )
        .join('\n')}`,
    )
    .action(async (options: SelectOptions) => {
      const { selectRows } = await import('./select-rows.js');
      await selectRows(options, processEffects());
    });
}
