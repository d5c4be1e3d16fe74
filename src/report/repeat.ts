import { foldConfig } from '../experiment/run-folder.js';
import { escapeHtml } from './html.js';
import type { RunData } from './run-data.js';
import { count, heading, type HeadingLevel, listOf, type Section } from './section.js';

/** One sentence of how it was run. */
export function settingsOf({ manifest: { config, started } }: RunData): string {
  const { initial, batch, budget, seeds, warmStart } = config;
  const training = warmStart ? 'going on from the last weights' : 'from scratch';
  const begun = started === '' ? '' : ` Begun ${started.slice(0, 16).replace('T', ' ')} UTC.`;
  return `${initial} random labels to begin with, ${batch} per round up to ${budget}, trained ${training} every round, ${count(seeds.length, 'seed')} per strategy.${begun}`;
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
  const { config, environment, source } = manifest;
  const machine = Object.entries(environment).map(([key, value]) => `${key}: ${String(value)}`);
  const html = `${heading(level, 'To repeat it', `${id}-repeat`)}
<p>Save this as <code>config.yaml</code> and call <code>querent run config.yaml</code>. On the same machine the rounds repeat exactly; elsewhere training may differ in its last digits.</p>
<pre tabindex="0" aria-label="Configuration">${escapeHtml(stringify(foldConfig(config)).trimEnd())}</pre>
<details><summary>Versions and machine</summary><pre tabindex="0" aria-label="Versions and machine">${escapeHtml(machine.join('\n'))}</pre></details>
<p class="muted">${source === '' ? '' : `Data: ${escapeHtml(source)}. `}Run folder: <code>${escapeHtml(path)}</code></p>`;
  return { html, tables: [] };
}
