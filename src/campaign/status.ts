import type { Agreement } from './agreement.js';
import type { CampaignRound } from './records.js';
import type { CampaignState, Conflict } from './state.js';

/** Where a campaign stands. */
export interface CampaignStatus {
  readonly dir: string;
  /** Items in the pool. */
  readonly items: number;
  readonly classNames: readonly string[];
  readonly model: string | null;
  readonly strategy: string;
  /** Batches of questions so far, and questions in all. */
  readonly batches: number;
  readonly asked: number;
  /** Items with a label; labels that the pool came with included. */
  readonly labels: number;
  /** Labels per class. */
  readonly balance: readonly number[];
  /** Ids of questions that wait for answers. */
  readonly open: readonly string[];
  /** Those of them on which annotators disagree evenly. */
  readonly ties: readonly string[];
  /** Ids of questions that nobody would answer. */
  readonly skipped: readonly string[];
  readonly annotators: readonly { readonly name: string; readonly answers: number }[];
  readonly conflicts: readonly Conflict[];
  /** Null where no item was labelled by two. */
  readonly agreement: Agreement | null;
  /** Trainings so far, oldest first: the learning curve. */
  readonly rounds: readonly CampaignRound[];
  /** Why asking on seems to be of little use; null: no reason. */
  readonly stop: string | null;
}

export function statusOf(state: CampaignState): CampaignStatus {
  const { dir, settings, pool, batches, rounds, votes } = state;
  const idOf = (index: number): string => pool.ids[index] ?? '';
  const asked = state.asked();
  const balance = state.balance();
  const labels = balance.reduce((sum, count) => sum + count, 0);
  const open = state.open();
  const answers = new Map<string, number>();
  for (const item of votes.items()) {
    for (const [annotator] of votes.on(item)) answers.set(annotator, (answers.get(annotator) ?? 0) + 1);
  }
  const skipped = state.skipped();
  const isUsedUp = labels + open.length + skipped.length >= pool.size;
  return {
    dir,
    items: pool.size,
    classNames: settings.classNames,
    model: settings.model?.name ?? null,
    strategy: settings.strategy.name,
    batches: batches.length,
    asked: asked.length,
    labels,
    balance,
    open: open.map(idOf),
    ties: open.filter((index) => isTie(state, index)).map(idOf),
    skipped: skipped.map(idOf),
    annotators: [...answers].map(([name, count]) => ({ name, answers: count })).sort(byName),
    conflicts: state.conflicts(),
    agreement: state.agreement() ?? null,
    rounds,
    stop: isUsedUp ? 'every item of the pool has been asked about' : (rounds.at(-1)?.stop ?? null),
  };
}

function isTie(state: CampaignState, index: number): boolean {
  const verdict = state.verdict(index);
  return verdict.state === 'open' && verdict.tie;
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
