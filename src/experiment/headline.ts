import type { Comparison, PairComparison } from './comparison.js';
import { curvesOf } from './curves.js';
import type { RoundRecord } from './records.js';
import type { Saving } from './savings.js';
import { meanOf } from './statistics/estimate.js';

const LEVEL = 0.05;

/**
 * What an experiment says, in words. A strategy beats the baseline where its learning curve lies higher with p < 0.05 after
 * Holm's correction over all strategies against the baseline.
 */
export function headlineOf(found: Omit<Comparison, 'headline'>, rounds: readonly RoundRecord[]): string {
  const { strategies, baseline, pairs, savings } = found;
  if (rounds.length === 0) return 'No round has been run yet.';
  if (baseline === null || strategies.length < 2) return leaderSentence(rounds);
  const against = pairs.filter(({ other }) => other === baseline);
  const seeds = Math.max(0, ...against.map((pair) => pair.seeds));
  if (seeds < 2) {
    return `${leaderSentence(rounds)} One seed cannot tell whether a strategy beats ${baseline}: run more.`;
  }
  const byGain = [...against].sort((a, b) => b.area.difference.mean - a.area.difference.mean);
  const winners = byGain.filter((pair) => isCertain(pair) && pair.area.difference.mean > 0);
  const losers = byGain.filter((pair) => isCertain(pair) && pair.area.difference.mean < 0);
  const below = losers.length === 0 ? '' : ` ${capital(list(losers))} did worse than ${baseline}.`;
  const [best] = byGain as [PairComparison, ...PairComparison[]];
  if (winners.length === 0) return `${noWinner(best, baseline, seeds)}${below}`;
  const [first] = winners as [PairComparison];
  const saving = savings.find(({ strategy }) => strategy === first.strategy);
  const lead =
    `${capital(list(winners))} beat ${baseline}: the learning curve of ${first.strategy} lies ` +
    `${gain(first)} higher (p ${probability(first.area.holmBaseline)}, ${seeds} seeds)`;
  return `${lead}${savingClause(saving, baseline)}.${below}`;
}

function isCertain({ area }: PairComparison): boolean {
  return area.holmBaseline !== null && area.holmBaseline < LEVEL;
}

function noWinner(best: PairComparison, baseline: string, seeds: number): string {
  const { mean } = best.area.difference;
  const position = mean > 0 ? `lies ${gain(best)} higher` : 'is not higher';
  const detectable =
    best.area.detectable === null ? '' : `, and less than ${points(best.area.detectable)} would often be missed`;
  return (
    `No strategy beat ${baseline} by more than ${seeds} seeds can tell: the learning curve of ${best.strategy}, the best, ` +
    `${position} (p ${probability(best.area.holmBaseline)}${detectable}).`
  );
}

function savingClause(saving: Saving | undefined, baseline: string): string {
  if (saving === undefined || saving.labels === null || saving.saved === null || saving.saved <= 0) return '';
  return (
    `, and reaches with ${Math.ceil(saving.labels)} labels the ${share(saving.target)} that ${baseline} reaches ` +
    `with ${saving.baselineLabels}`
  );
}

/** Who has the highest mean accuracy at the end, with no claim beyond that. */
function leaderSentence(rounds: readonly RoundRecord[]): string {
  const ends = [...curvesOf(rounds)].map(([strategy, seeds]) => {
    const last = [...seeds.values()].map((curve) => curve.at(-1) ?? { x: 0, y: NaN });
    return {
      strategy,
      accuracy: meanOf(last.map(({ y }) => y)),
      labels: Math.max(...last.map(({ x }) => x)),
      n: last.length,
    };
  });
  const [best] = ends.sort((a, b) => b.accuracy - a.accuracy) as [(typeof ends)[number]];
  return `${capital(best.strategy)} reaches ${share(best.accuracy)} with ${best.labels} labels (${best.n === 1 ? 'one seed' : `mean of ${best.n} seeds`}).`;
}

function list(pairs: readonly PairComparison[]): string {
  const names = pairs.map(({ strategy }) => strategy);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function gain({ area: { difference } }: PairComparison): string {
  const { mean, interval } = difference;
  return interval === null ? points(mean) : `${(100 * mean).toFixed(1)} ± ${points(interval)}`;
}

function points(value: number): string {
  return `${(100 * value).toFixed(1)} points`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function probability(p: number | null): string {
  return p === null || p >= 0.001 ? `= ${(p ?? NaN).toFixed(3)}` : 'below 0.001';
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
