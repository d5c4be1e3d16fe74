import { z } from 'zod';
import type { QueryContext } from '../../strategies/strategy.js';

/** A labelled sample, with which others are compared. */
export interface Anchor {
  readonly index: number;
  /** Its class: whom or what it shows. */
  readonly label: number;
}

/** Where {@link AnchorTurns} stand, as plain JSON: the class whose turn is next, and how often each gave the anchor. */
export const turnsState = z.object({ next: z.int().min(0), given: z.array(z.int().min(0)) });
export type TurnsState = z.output<typeof turnsState>;

/** Whose turn it is to be the anchor: one class after another, and of each one labelled sample after another. */
export class AnchorTurns {
  readonly #given: number[];
  #next: number;

  constructor({ next, given }: TurnsState = { next: 0, given: [] }) {
    this.#next = next;
    this.#given = [...given];
  }

  state(): TurnsState {
    return { next: this.#next, given: [...this.#given] };
  }

  /** Classes without labels are passed over; missing while nothing is labelled. */
  take({ labeled, labels, classes }: Pick<QueryContext, 'labeled' | 'labels' | 'classes'>): Anchor | undefined {
    if (labeled.length === 0) return undefined;
    while (this.#given.length < classes) this.#given.push(0);
    const present = new Set(labels);
    let label = this.#next % classes;
    while (!present.has(label)) label = (label + 1) % classes;
    const members = labeled.filter((_, at) => labels[at] === label);
    const turn = this.#given[label] as number;
    this.#given[label] = turn + 1;
    this.#next = (label + 1) % classes;
    return { index: members[turn % members.length] as number, label };
  }
}
