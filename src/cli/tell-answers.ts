import { Campaign } from '../campaign/campaign.js';
import type { ExchangeFormat } from '../interop/answers.js';
import { opening } from './ask-questions.js';
import { describeTell } from './campaign-text.js';
import { type Effects, print } from './effects.js';

/** Options of `querent tell`, as commander delivers them. */
export interface TellCommandOptions {
  readonly format?: ExchangeFormat;
  readonly annotator?: string;
  readonly ignoreUnknown?: boolean;
  readonly addClasses?: boolean;
  readonly train?: boolean;
  readonly json?: boolean;
}

/** Take answers in and report. */
export async function tellAnswers(
  dir: string,
  files: readonly string[],
  options: TellCommandOptions,
  effects: Effects,
): Promise<void> {
  const { stdout, stderr, signal } = effects;
  const watching = opening(effects);
  const campaign = await Campaign.open(dir, watching);
  watching.done();
  const result = await campaign.tell(files, { ...options, signal, onStep: (step) => stderr.write(`${step}\n`) });
  await print(stdout, options.json === true ? `${JSON.stringify(result)}\n` : describeTell(dir, result));
}
