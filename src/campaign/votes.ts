/** What became of an answer that came in. */
export type Reception =
  /** The first of this annotator about this item. */
  | 'new'
  /** Replaced the annotator's earlier one. */
  | 'corrected'
  /** Says the same again, later. */
  | 'confirmed'
  /** Says what is known already. */
  | 'known'
  /** Older than the annotator's answer that is there. */
  | 'outdated';

/** One annotator's word on one item. */
export interface Vote {
  /** Name of the class; null: refused to choose. */
  readonly label: string | null;
  /** As {@link timeText} writes it. */
  readonly at?: string | undefined;
}

/** What the votes on an item come to. */
export type Verdict =
  /** More votes than for any other class. */
  | { readonly state: 'labeled'; readonly label: string }
  /** Nobody chose a class, and somebody refused to. */
  | { readonly state: 'skipped' }
  /** No vote yet, fewer than asked for, or as many votes for one class as for another. */
  | { readonly state: 'open'; readonly tie: boolean };

/** All votes of a campaign: per item, the last word of every annotator. */
export class Votes {
  readonly #items = new Map<number, Map<string, Vote>>();
  /** Annotators who must have answered before a question is closed. */
  readonly needed: number;

  constructor(needed = 1) {
    this.needed = needed;
  }

  /**
   * Take a vote in. Of two votes of one annotator on one item the newer counts, whichever came first; where one of them
   * has no time, the one that came last.
   */
  add(item: number, annotator: string, vote: Vote): Reception {
    const votes = this.#items.get(item) ?? new Map<string, Vote>();
    this.#items.set(item, votes);
    const before = votes.get(annotator);
    if (before?.label === vote.label && !isNewer(vote, before)) return 'known';
    if (before !== undefined && isNewer(before, vote)) return 'outdated';
    votes.set(annotator, vote);
    if (before === undefined) return 'new';
    return before.label === vote.label ? 'confirmed' : 'corrected';
  }

  /** Items that somebody has voted on, ascending. */
  items(): number[] {
    return [...this.#items.keys()].sort((a, b) => a - b);
  }

  /** By annotator, in code-unit order of their names. */
  on(item: number): readonly (readonly [annotator: string, vote: Vote])[] {
    return [...(this.#items.get(item) ?? [])].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Majority of the classes named; refusals abstain. */
  verdict(item: number): Verdict {
    const votes = this.on(item);
    if (votes.length < this.needed) return { state: 'open', tie: false };
    const counts = countLabels(votes);
    const most = Math.max(0, ...counts.values());
    const winners = [...counts].filter(([, count]) => count === most);
    const [winner] = winners;
    if (winner === undefined) return votes.length === 0 ? { state: 'open', tie: false } : { state: 'skipped' };
    return winners.length === 1 ? { state: 'labeled', label: winner[0] } : { state: 'open', tie: true };
  }

  /** Items on which annotators chose different classes, ascending. */
  conflicts(): number[] {
    return this.items().filter((item) => countLabels(this.on(item)).size > 1);
  }
}

function isNewer(vote: Vote, other: Vote): boolean {
  return vote.at !== undefined && other.at !== undefined && vote.at > other.at;
}

/** Votes per class named. */
export function countLabels(votes: readonly (readonly [string, Vote])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, { label }] of votes) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
