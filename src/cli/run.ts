import { Command, InvalidArgumentError } from 'commander';
import { InterruptedError, processEffects } from './effects.js';
import type { RunCommandOptions } from './run-plan.js';

/** A whole number of at least 1, for commander. */
function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text.trim())) throw new InvalidArgumentError('expected a whole number of at least 1');
  return Number(text);
}

/** `3`: the seeds 0, 1, 2; `4,7`: those two. */
function seedList(text: string): number | number[] {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.every((part) => /^\d+$/.test(part))) {
    throw new InvalidArgumentError('expected a number of seeds, or seeds separated by commas');
  }
  return text.includes(',') ? parts.filter((part) => part !== '').map(Number) : positive(text);
}

function names(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) throw new InvalidArgumentError('expected names separated by commas');
  return parts;
}

/** A share between 0 and 1, for commander. */
function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 1))
    throw new InvalidArgumentError('expected a share between 0 and 1');
  return value;
}

/** `querent run`. */
export function runCommand(): Command {
  return new Command('run')
    .description('Compare query strategies on a data set: learning curves over seeds, written into a run folder.')
    .argument('[config]', 'YAML or JSON file with the same settings, and options of models and strategies')
    .option(
      '--dataset <names>',
      'digits (embedded), mnist or others that querent data lists, separated by commas: one run folder each (default: digits)',
      names,
    )
    .option('--model <name>', 'logistic, mlp, cnn, resnet-18 or committee (default: cnn)')
    .option('--learner <name>', 'another model that is trained on the chosen labels, and measured (default: none)')
    .option('--strategies <names>', 'query strategies, separated by commas (default: random,margin,entropy)', names)
    .option('--seeds <count>', 'how many seeds, or which, separated by commas (default: 3)', seedList)
    .option('--initial <count>', 'random labels to begin with (default: 20)', positive)
    .option('--batch <count>', 'labels per round (default: 20)', positive)
    .option('--budget <count>', 'labels in all, the initial ones included (default: 300)', positive)
    .option('--warm-start', 'train on from the last weights instead of from scratch')
    .option('--stopping <names>', 'criteria that end a run before its budget is spent, separated by commas', names)
    .option(
      '--validation <share>',
      'share of the pool that is labelled apart, beside the budget (default: 0.2 where a strategy is rewarded on it)',
      share,
    )
    .option(
      '--processes <count>',
      'runs at the same time, each in a process of its own (default: one per core)',
      positive,
    )
    .option('--memory <MB>', 'resident memory of all these processes together (default: no limit)', positive)
    .option('--data-dir <folder>', 'where data sets with files are (default: QUERENT_DATA_DIR)')
    .option('-o, --out <folder>', 'run folder to make (default: runs/<data set>-<model>-<time>)')
    .option('--resume <folder>', 'go on with a run that was stopped')
    .option('--json', 'print the results as JSON and nothing else on stdout')
    .addHelpText(
      'after',
      `
A configuration file holds what the options say, and more:
  dataset: digits
  model: { name: cnn, filters: [16, 32], dropout: 0.4 }
  strategies: [random, { name: margin, tieBreak: random }]
  seeds: [1, 2, 3]
  budget: 200
  stopping: { name: target-accuracy, accuracy: 0.95 }
  noise: 0.05
docs/experiments.md tells all of it.`,
    )
    .action(async (file: string | undefined, options: RunCommandOptions) => {
      const { runFromCommandLine } = await import('./run-experiment.js');
      const effects = processEffects();
      try {
        await runFromCommandLine(file, options, effects);
      } catch (error) {
        const { reason } = effects.signal;
        throw effects.signal.aborted && reason instanceof InterruptedError ? reason : error;
      }
    });
}
