import { Command, Option } from 'commander';
import { processEffects } from './effects.js';
import type { TellCommandOptions } from './tell-answers.js';

/** `querent tell`. */
export function tellCommand(): Command {
  return new Command('tell')
    .description('Read the answers to a campaign, train on all labels, and say how far it is.')
    .argument('<campaign>', 'folder of the campaign')
    .argument('<answers...>', 'files: Label Studio export (.json), JSON lines (.jsonl) or .csv')
    .addOption(
      new Option('--format <format>', 'of the files (default: by their names)').choices([
        'label-studio',
        'jsonl',
        'csv',
      ]),
    )
    .option('--annotator <name>', 'who answered, where a file does not say')
    .option('--ignore-unknown', 'leave answers about items that the pool does not have out')
    .option('--add-classes', 'make classes of labels that are none yet')
    .option('--no-train', 'only take the answers in; the next call trains')
    .option('--json', 'print the result as JSON and nothing else on stdout')
    .action(async (dir: string, files: string[], options: TellCommandOptions) => {
      const { tellAnswers } = await import('./tell-answers.js');
      await tellAnswers(dir, files, options, processEffects());
    });
}
