import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, StorageError } from '../errors.js';
import { appendJsonLine, readJsonLines } from '../pool/atomic.js';
import { type Agreement, agreement, type Rating } from './agreement.js';
import type { ItemPool } from './pool.js';
import { type Batch, batchSchema, type CampaignRound, type Import, importSchema, roundSchema } from './records.js';
import { type CampaignSettings, readSettings } from './settings.js';
import type { TrainingSet } from './trainer.js';
import { countLabels, type Verdict, Votes } from './votes.js';
import { exists } from '../pool/exists.js';

/** Items on which annotators disagree. */
export interface Conflict {
  readonly id: string;
  /** By annotator. */
  readonly votes: readonly (readonly [annotator: string, label: string | null])[];
  /** Class of the majority; null: a tie, the question is open. */
  readonly label: string | null;
}

/**
 * Everything that was written down in a campaign's folder, and what follows from it:
 *     campaign.json      settings
 *     questions.jsonl    a line per batch of questions
 *     answers.jsonl      a line per import of answers
 *     rounds.jsonl       a line per training
 * Each line is there whole or not at all; what can be computed from them (votes, labels, models, exports) is.
 */
export class CampaignState {
  readonly votes: Votes;

  private constructor(
    readonly dir: string,
    readonly settings: CampaignSettings,
    readonly batches: Batch[],
    readonly imports: Import[],
    readonly rounds: CampaignRound[],
    readonly pool: ItemPool,
  ) {
    this.votes = new Votes(settings.annotators);
    const rows = new Map(pool.ids.map((id, index) => [id, index]));
    for (const { answers } of imports) {
      for (const { id, annotator, label, at } of answers) {
        const index = rows.get(id);
        if (index === undefined) {
          throw new FormatError(`${join(dir, 'answers.jsonl')}: the pool has no item ${JSON.stringify(id)}`);
        }
        this.votes.add(index, annotator, { label, at });
      }
    }
  }

  /**
   * @param pool Of these settings.
   * @throws {FormatError} A file is damaged.
   */
  static async read(dir: string, pool: ItemPool): Promise<CampaignState> {
    return new CampaignState(
      dir,
      await readSettings(dir),
      await readRecords(join(dir, 'questions.jsonl'), batchSchema),
      await readRecords(join(dir, 'answers.jsonl'), importSchema),
      await readRecords(join(dir, 'rounds.jsonl'), roundSchema),
      pool,
    );
  }

  async addBatch(batch: Batch): Promise<void> {
    await appendJsonLine(join(this.dir, 'questions.jsonl'), batch);
    this.batches.push(batch);
  }

  /** The votes must have been taken in already, or be none that change anything. */
  async addImport(record: Import): Promise<void> {
    await appendJsonLine(join(this.dir, 'answers.jsonl'), record);
    this.imports.push(record);
  }

  async addRound(round: CampaignRound): Promise<void> {
    await appendJsonLine(join(this.dir, 'rounds.jsonl'), round);
    this.rounds.push(round);
  }

  /** Verdict on an item; a class that the pool names itself holds where nobody has voted. */
  verdict(index: number): Verdict {
    const known = this.pool.labels?.[index] ?? null;
    if (known !== null && this.votes.on(index).length === 0) return { state: 'labeled', label: known };
    return this.votes.verdict(index);
  }

  /** Labelled items, ascending, and the name of the class of each. */
  labeled(): { index: number; label: string }[] {
    const found: { index: number; label: string }[] = [];
    for (let index = 0; index < this.pool.size; index++) {
      const verdict = this.verdict(index);
      if (verdict.state === 'labeled') found.push({ index, label: verdict.label });
    }
    return found;
  }

  trainingSet(): TrainingSet {
    const labeled = this.labeled();
    const random = new Set(
      this.batches.filter(({ isRandom }) => isRandom).flatMap(({ picks }) => picks.map((pick) => pick.index)),
    );
    return {
      indices: Uint32Array.from(labeled, ({ index }) => index),
      labels: Uint32Array.from(labeled, ({ label }) => this.settings.classNames.indexOf(label)),
      isRandom: labeled.map(({ index }) => random.has(index)),
    };
  }

  /** Every item that was asked about, in the order of the questions. */
  asked(): number[] {
    return this.batches.flatMap(({ picks }) => picks.map(({ index }) => index));
  }

  /** Questions without a label: nobody has answered, too few have, or they disagree evenly. */
  open(): number[] {
    return this.asked().filter((index) => this.verdict(index).state === 'open');
  }

  skipped(): number[] {
    return this.votes.items().filter((index) => this.verdict(index).state === 'skipped');
  }

  conflicts(): Conflict[] {
    return this.votes.conflicts().map((index) => {
      const verdict = this.verdict(index);
      return {
        id: this.pool.ids[index] ?? '',
        votes: this.votes.on(index).map(([annotator, { label }]) => [annotator, label] as const),
        label: verdict.state === 'labeled' ? verdict.label : null,
      };
    });
  }

  agreement(): Agreement | undefined {
    return agreement(
      this.votes
        .items()
        .map((index) =>
          this.votes
            .on(index)
            .flatMap(([annotator, { label }]): Rating[] => (label === null ? [] : [[annotator, label]])),
        ),
    );
  }

  /** Labels per class. */
  balance(): number[] {
    const counts = countLabels(this.labeled().map(({ label }) => ['', { label }] as const));
    return this.settings.classNames.map((name) => counts.get(name) ?? 0);
  }

  /** True where somebody has answered a question of the batch. */
  isAnswered(batch: Batch): boolean {
    return batch.picks.some(({ index }) => this.votes.on(index).length > 0);
  }
}

async function readRecords<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>[]> {
  if (!(await exists(path))) return [];
  return (await readJsonLines(path)).map((value, at) => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new FormatError(
        `${path}: line ${at + 1}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'damaged'}; restore the file from a copy`,
      );
    }
    return parsed.data;
  });
}

/** @throws {StorageError} The folder holds a campaign already. */
export async function checkNoCampaign(dir: string): Promise<void> {
  if (await exists(join(dir, 'campaign.json')))
    throw new StorageError(`${dir} holds a campaign already; open it, or choose another folder`);
}
