import type { ExperimentConfig } from '../experiment/config.js';
import type { RoundRecord } from '../experiment/records.js';
import { foldConfig } from '../experiment/run-folder.js';
import { escapeHtml } from './html.js';
import type { RunData } from './run-data.js';
import { count, heading, type HeadingLevel, listOf, type Section } from './section.js';

/** How it was run, in a few sentences. */
export function settingsOf({ manifest: { config, started }, allRounds }: RunData): string {
  const { model, learner, initial, batch, budget, seeds, warmStart } = config;
  const training = warmStart ? 'going on from the last weights' : 'from scratch';
  const begun = started === '' ? '' : ` Begun ${started.slice(0, 16).replace('T', ' ')} UTC.`;
  const final =
    learner === undefined
      ? ''
      : ` Strategies choose by the model ${model.name}; what is measured is the model ${learner.name}, trained from scratch on the same labels.`;
  return `${initial} random labels to begin with, ${batch} per round up to ${budget}, trained ${training} every round, ${count(seeds.length, 'seed')} per strategy.${final}${validationText(config, allRounds)}${begun}`;
}

function validationText({ validation, budget }: ExperimentConfig, rounds: readonly RoundRecord[]): string {
  if (validation === undefined) return '';
  const labels = Math.max(0, ...rounds.map(({ validationLabels = 0 }) => validationLabels));
  const held = labels > 0 ? count(labels, 'label') : `${Number((100 * validation).toFixed(1))} % of the pool`;
  return ` A validation split of ${held}, for every strategy alike, comes beside the budget of ${budget}.`;
}

/** Which runs are not finished, where there are any. */
export function renderProgress({ rounds, strategies, seeds }: RunData): string {
  const all = strategies.flatMap((strategy) => seeds.map((seed) => ({ strategy, seed })));
  const isDone = (key: { strategy: string; seed: number }): boolean =>
    rounds.some((record) => record.strategy === key.strategy && record.seed === key.seed && record.stop !== undefined);
  const open = all.filter((key) => !isDone(key));
  if (open.length === 0) return '';
  const named = strategies.flatMap((strategy) => {
    const own = open.filter((key) => key.strategy === strategy).map(({ seed }) => seed);
    return own.length === 0 ? [] : [`${strategy} (${own.length === 1 ? 'seed' : 'seeds'} ${listOf(own.map(String))})`];
  });
  return `<div class="notice"><p>${all.length - open.length} of ${all.length} runs are finished; the curves show what there is.</p>
<details><summary>Which are not</summary><p>${escapeHtml(named.join('; '))}</p></details></div>`;
}

/** Configuration, versions and machine. */
export async function renderRepeat({ id, manifest, path }: RunData, level: HeadingLevel): Promise<Section> {
  const { stringify } = await import('yaml');
  const { config, arms = [], environment, source } = manifest;
  const options = arms.map(({ label, ...arm }): [string, object] => [label, arm]);
  const resolved =
    options.length === 0
      ? ''
      : `\n<details><summary>Every strategy with all its options</summary><pre tabindex="0" aria-label="Every strategy with all its options">${escapeHtml(stringify(Object.fromEntries(options)).trimEnd())}</pre></details>`;
  const machine = Object.entries(environment).map(([key, value]) => `${key}: ${String(value)}`);
  const html = `${heading(level, 'To repeat it', `${id}-repeat`)}
<p>Save this as <code>config.yaml</code> and call <code>querent run config.yaml</code>. On the same machine the rounds repeat exactly; elsewhere training may differ in its last digits.</p>
<pre tabindex="0" aria-label="Configuration">${escapeHtml(stringify(foldConfig(config)).trimEnd())}</pre>${resolved}
<details><summary>Versions and machine</summary><pre tabindex="0" aria-label="Versions and machine">${escapeHtml(machine.join('\n'))}</pre></details>
<p class="muted">${source === '' ? '' : `Data: ${escapeHtml(source)}. `}Run folder: <code>${escapeHtml(path)}</code></p>`;
  return { html, tables: [] };
}
