/**
 * Asks and answers a campaign until three batches are answered and trained on, whatever state it is in.
 *     campaign-steps.ts DIR POOL
 * Prints what it is doing, and `asked` and `told` lines once a call has returned.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Campaign } from '../../../src/index.js';
import { truth } from '../campaigns.js';

const BATCHES = 3;
const [, , dir = '', pool = ''] = process.argv;
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (!existsSync(join(dir, 'campaign.json'))) {
  say('creating');
  const model = { name: 'logistic', epochs: 5, minSteps: 30 };
  await Campaign.create(dir, { pool, classNames: ['cat', 'dog'], n: 20, model, format: 'csv' });
}
const campaign = await Campaign.open(dir);
for (;;) {
  const { batches, open, labels, rounds } = await campaign.status();
  const isTrained = rounds.at(-1)?.labels === labels;
  if (batches >= BATCHES && open.length === 0 && isTrained) break;
  if (open.length === 0 && batches < BATCHES) {
    say('asking');
    const { questions } = await campaign.ask({ onStep: say });
    say(`asked ${questions.map(({ id }) => id).join(' ')}`);
  } else {
    say('telling');
    // with nothing open, the training was cut off: no answers, only what is missing
    const answers = open.map((id) => ({ id, label: truth(id), annotator: 'anna' }));
    const { status } = await campaign.tell(answers, { onStep: say });
    say(`told ${status.labels}`);
  }
}
await campaign.tell([]); // mends what was being written
say('done');
