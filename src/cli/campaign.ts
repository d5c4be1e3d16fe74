import { Command } from 'commander';
import { print, processEffects } from './effects.js';

/** `querent campaign`. */
export function campaignCommand(): Command {
  return new Command('campaign')
    .description('Say where a labelling campaign stands: answers, agreement, learning curve.')
    .argument('<campaign>', 'folder of the campaign')
    .option('--json', 'print the status as JSON and nothing else on stdout')
    .action(async (dir: string, options: { json?: boolean }) => {
      const { Campaign } = await import('../campaign/campaign.js');
      const { opening } = await import('./ask-questions.js');
      const { describeCampaign } = await import('./campaign-text.js');
      const effects = processEffects();
      const watching = opening(effects);
      const status = await (await Campaign.open(dir, watching)).status();
      watching.done();
      await print(effects.stdout, options.json === true ? `${JSON.stringify(status)}\n` : describeCampaign(status));
    });
}
