import { Command, InvalidArgumentError, Option } from 'commander';
import { processEffects } from './effects.js';
import type { ScoreFileOptions } from './score-file.js';

/** A whole number of at least `least`, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}`);
    }
    return value;
  };
}

/** A seed, for commander. */
export function seedNumber(text: string): bigint {
  if (!/^\d+$/.test(text.trim()) || BigInt(text) >= 1n << 64n) {
    throw new InvalidArgumentError('expected a whole number from 0 to 2^64 - 1');
  }
  return BigInt(text);
}

export function scoreCommand(): Command {
  return new Command('score')
    .description('Score every row of a file of predictions and print the rows to label first.')
    .argument('<file>', 'matrix [rows, classes]: .npy (float16/32/64, C order, may be larger than memory), .csv, .tsv')
    .addOption(
      new Option('-m, --method <name>', 'acquisition score, higher = ask first')
        .choices(['entropy', 'margin', 'least-confidence'])
        .default('entropy'),
    )
    .option('-k, --top <count>', 'how many rows to pick', wholeNumber(0), 10)
    .addOption(
      new Option('--from <what>', 'what the file holds').choices(['probabilities', 'logits']).default('probabilities'),
    )
    .addOption(
      new Option('--kind <kind>', 'multilabel: every column is a yes-or-no of its own')
        .choices(['multiclass', 'multilabel'])
        .default('multiclass'),
    )
    .addOption(
      new Option('--normalize <how>', 'rows that do not sum to 1: error, divide by the sum, or take as they are')
        .choices(['check', 'divide', 'none'])
        .default('check'),
    )
    .addOption(
      new Option('--on-invalid <what>', 'rows with NaN and the like: stop, or never pick them')
        .choices(['throw', 'exclude'])
        .default('throw'),
    )
    .option('--exclude <file>', 'rows never to pick: .npy of integers, or one row number per line')
    .addOption(new Option('--tie-break <how>', 'order of equal scores').choices(['index', 'random']).default('index'))
    .option('--seed <number>', 'for --tie-break random (default: 0)', seedNumber)
    .option('-o, --out <file>', 'write the picks: .json, .csv (index,score) or .npy (int64)')
    .option('--scores <file>', 'write the score of every row: .npy (float32)')
    .addOption(
      new Option('--csv-header <when>', 'whether the first line of a .csv names the columns')
        .choices(['auto', 'yes', 'no'])
        .default('auto'),
    )
    .option('--threads <count>', 'threads that score (default: all)', wholeNumber(1))
    .option('--level <name>', 'CPU level: scalar, avx2, avx512, neon (default: the best)')
    .option('--json', 'print {"indices":[...],"scores":[...]} and nothing else on stdout')
    .action(async (file: string, options: ScoreFileOptions) => {
      const { scoreFile } = await import('./score-file.js');
      await scoreFile(file, options, processEffects());
    });
}
