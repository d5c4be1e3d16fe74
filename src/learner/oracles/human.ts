import { show } from '../../contract/text.js';
import { ArgumentError, QuerentError, ValueError } from '../../errors.js';
import { SKIPPED } from '../../strategies/strategy.js';
import type { DetailedAnswers, Oracle } from './oracle.js';

/** People who answer in their own time, seen from the side of the people. */
export interface HumanOracle {
  /** What the learner takes. */
  readonly oracle: Oracle;
  /** Questions that wait for an answer, the most wanted first. */
  readonly open: Uint32Array;
  /**
   * Answer a question. With the last one the learner goes on.
   *
   * @param label The class, or SKIPPED (-1).
   * @throws {ArgumentError} The sample was not asked about, or is answered.
   */
  answer(index: number, label: number): void;
  /** Give the answers there are: enough for today. The rest stays in the pool. */
  finish(): void;
}

/** Options of `humanOracle`. */
export interface HumanOracleOptions {
  /** Called with every batch of questions. */
  readonly onQuestions?: ((indices: Uint32Array) => void) | undefined;
}

interface Desk {
  readonly asked: Uint32Array;
  readonly answers: Map<number, number>;
  readonly give: () => void;
}

/**
 * A desk between a run and the people who label: the run waits at it. When the run is aborted, the answers given so far
 * are kept.
 */
export function humanOracle({ onQuestions }: HumanOracleOptions = {}): HumanOracle {
  let desk: Desk | undefined;
  const open = (): Uint32Array => desk?.asked.filter((index) => !desk?.answers.has(index)) ?? new Uint32Array(0);
  return {
    get open() {
      return open();
    },
    oracle: (indices, { signal }) =>
      new Promise<DetailedAnswers>((resolve, reject) => {
        if (desk !== undefined) {
          reject(new QuerentError('ERR_QUERENT_BUSY', 'humanOracle: expected the last questions to be answered first'));
          return;
        }
        const answers = new Map<number, number>();
        const give = (): void => {
          desk = undefined;
          signal?.removeEventListener('abort', give);
          resolve({ indices: [...answers.keys()], labels: [...answers.values()] });
        };
        desk = { asked: indices, answers, give };
        signal?.addEventListener('abort', give, { once: true });
        if (signal?.aborted === true) give();
        else onQuestions?.(indices);
      }),
    answer(index, label) {
      if (desk === undefined || !open().includes(index)) {
        throw new ArgumentError(`humanOracle: expected one of the open questions, got sample ${show(index)}`);
      }
      if (!Number.isInteger(label) || label < SKIPPED) {
        throw new ValueError(`humanOracle: expected a class, or ${SKIPPED} to skip, got ${show(label)}`);
      }
      desk.answers.set(index, label);
      if (desk.answers.size === desk.asked.length) desk.give();
    },
    finish: () => desk?.give(),
  };
}
