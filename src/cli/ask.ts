import { Command, InvalidArgumentError, Option } from 'commander';
import type { AskCommandOptions } from './ask-questions.js';
import { processEffects } from './effects.js';
import { wholeNumber } from './score.js';

/** Names separated by commas, for commander. */
function names(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) throw new InvalidArgumentError('expected names separated by commas');
  return parts;
}

/** `64x48`, for commander. */
function size(text: string): [number, number] {
  const [, width = '', height = ''] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text.trim()) ?? [];
  if (width === '') throw new InvalidArgumentError('expected width x height, such as 64x48');
  return [Number(width), Number(height)];
}

/** `querent ask`. */
export function askCommand(): Command {
  return new Command('ask')
    .description('Choose the next questions of a labelling campaign and write them for people to answer.')
    .argument('<campaign>', 'folder of the campaign; the first call makes it')
    .option('--pool <path>', 'items: .csv, .tsv, .jsonl, a folder of images, or .npy/.npz of features')
    .option('--features <columns>', 'columns to learn from, or a .npy/.npz file with a row per item', names)
    .option('--id <column>', 'column of the ids (default: id, else row numbers)')
    .option('--text <column>', 'column that people are shown as text (default: text)')
    .option('--image <column>', 'column with paths or addresses of images (default: image)')
    .option('--html <column>', 'column that people are shown as markup (default: html)')
    .option('--label <column>', 'column of labels that are known already (default: label)')
    .option('--group <column>', 'column of groups that cross-validation keeps together (default: group)')
    .option('--cost <column>', 'column of prices of labels, for strategies that heed them (default: cost)')
    .option('--image-size <WxH>', 'bring all images to this size', size)
    .option('--image-url <prefix>', 'where annotators find the images: put before their paths, or "embed"')
    .option('--test <path>', 'labelled items to measure on: a table like the pool, or images in folders named by class')
    .option(
      '--classes <names>',
      'names of the classes, separated by commas (default: the labels that are known)',
      names,
    )
    .option(
      '--model <name>',
      'logistic, mlp, cnn, resnet-18 or committee (default: mlp for 1000 items or more, else logistic)',
    )
    .option('-s, --strategy <name>', 'how to choose (default: margin); later, for this batch only')
    .option('--cold-start <name>', 'how to choose before there is a model: random, k-center, … (default: random)')
    .option(
      '--stop <name>',
      'when to ask no more: stabilizing-predictions, overall-uncertainty, … (default: the first)',
    )
    .option('-n, --count <count>', 'questions per batch (default: 20); later, for this batch only', wholeNumber(1))
    .addOption(
      new Option('--format <format>', 'of the questions (default: label-studio)').choices([
        'label-studio',
        'jsonl',
        'csv',
      ]),
    )
    .option('--annotators <count>', 'people who must answer before a question is closed (default: 1)', wholeNumber(1))
    .option('--seed <number>', 'of random draws (default: 0)', wholeNumber(0))
    .option('--probs <file>', 'predictions of a model of your own: .npy [items, classes]')
    .option('--embeddings <file>', 'embeddings of it: .npy [items, numbers]')
    .option('--members <file>', 'predictions of a committee: .npy [members, items, classes]')
    .option('--model-version <name>', 'what the model of your own is called (default: name of the file)')
    .option('--more', 'ask further questions though the last ones are not answered, or no more seem to be needed')
    .option('--open', 'write all questions that are still open again, and no new ones')
    .option('-o, --out <file>', 'where to (default: exports/ in the campaign)')
    .option('--json', 'print the result as JSON and nothing else on stdout')
    .addHelpText(
      'after',
      `
Examples:
  querent ask cats --pool pool.csv --classes cat,dog
  querent ask cats                                       the next questions; the same ones until somebody answers
  querent ask cats --probs predictions.npy               chosen by a model of your own`,
    )
    .action(async (dir: string, options: AskCommandOptions) => {
      const { askQuestions } = await import('./ask-questions.js');
      await askQuestions(dir, options, processEffects());
    });
}
