import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCount } from '../contract/check.js';
import { type MatrixLike, readMatrix } from '../contract/tensor-like.js';
import { FormatError, ShapeError } from '../errors.js';
import { type EnsembleTraining, memberSeed } from './ensemble-training.js';
import type {
  FitOptions,
  FitResult,
  FloatRows,
  MemberOptions,
  MemberPredictions,
  Model,
  PredictOptions,
} from './model.js';
import type { NetworkModel } from './network-model.js';
import { checkFinite, checkLabels } from './samples.js';
import { loadBundle, saveBundle } from './storage.js';
import { exists } from '../pool/exists.js';

const FORMAT = 'querent-committee';
/** Members are written to the folder that the current document does not name, so a crash never mixes two states. */
const MEMBER_FOLDERS = ['members-0', 'members-1'] as const;

/** What a committee is called, how it was asked for, and how it trains. */
export interface CommitteeDescription {
  readonly name: string;
  /** Plain JSON that makes the same committee again. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly classes: number;
  readonly training: EnsembleTraining;
  /** Members make dropout passes when they are asked for as members. */
  readonly dropoutPasses: boolean;
}

/** Several networks that predict together: the mean of their probabilities. */
export class CommitteeModel implements Model {
  readonly name: string;
  readonly classes: number;
  readonly #description: CommitteeDescription;
  #members: readonly NetworkModel[];

  /** @param members At least one, all of the same samples and classes. */
  constructor(description: CommitteeDescription, members: readonly NetworkModel[]) {
    this.name = description.name;
    this.classes = description.classes;
    this.#description = description;
    this.#members = members;
  }

  get options(): Readonly<Record<string, unknown>> {
    return this.#description.options;
  }

  /** Train all members; when it is aborted or fails, all of them stay as they were. */
  async fit(samples: MatrixLike, labels: ArrayLike<number>, options: FitOptions = {}): Promise<FitResult> {
    const where = `${this.name}.fit`;
    const view = readMatrix(where, 'samples', samples);
    if (view.rows === 0) throw new ShapeError(`${where}: expected at least one sample, got none`);
    const set = { samples: view, labels: checkLabels(where, labels, view.rows, this.classes), classes: this.classes };
    checkFinite(where, view);
    const members = this.#members.map((member) => member.copy());
    const result = await this.#description.training.train(members, set, options);
    this.#members = members;
    return result;
  }

  checkpoint(): () => void {
    const members = this.#members; // replaced by training, never trained in place
    return () => {
      this.#members = members;
    };
  }

  /** The mean of the members' probabilities [N, C]. */
  async predictProba(samples: MatrixLike, options: PredictOptions = {}): Promise<FloatRows> {
    let sum: Float64Array | undefined;
    let rows = 0;
    for (const member of this.#members) {
      const predictions = await member.predictProba(samples, options);
      sum ??= new Float64Array(predictions.data.length);
      for (let at = 0; at < sum.length; at++) sum[at]! += predictions.data[at] as number;
      rows = predictions.rows;
    }
    return { data: Float32Array.from(sum ?? [], (p) => p / this.#members.length), rows, cols: this.classes };
  }

  /**
   * The members' embeddings side by side, [N, E1 + E2 + …]: squared distances then are the sums of the members' own. One member
   * alone would do for distances; all of them see what each has learned to tell apart.
   */
  async embed(samples: MatrixLike, options: PredictOptions = {}): Promise<FloatRows> {
    const parts: FloatRows[] = [];
    for (const member of this.#members) parts.push(await member.embed(samples, options));
    const rows = (parts[0] as FloatRows).rows;
    const cols = parts.reduce((sum, part) => sum + part.cols, 0);
    const data = new Float32Array(rows * cols);
    let start = 0;
    for (const part of parts) {
      for (let row = 0; row < rows; row++) {
        data.set(part.data.subarray(row * part.cols, (row + 1) * part.cols), row * cols + start);
      }
      start += part.cols;
    }
    return { data, rows, cols };
  }

  /**
   * The M members' predictions. Each predicts once, without dropout: the answer has M passes whatever `passes` is. With
   * `dropoutPasses` each makes ceil(passes / M) dropout passes, one member's after the other's.
   */
  async members(samples: MatrixLike, passes: number, options: MemberOptions = {}): Promise<MemberPredictions> {
    checkCount(`${this.name}.members`, 'passes', passes, 1);
    const { seed = 0, signal } = options;
    const each = Math.ceil(passes / this.#members.length);
    const parts: FloatRows[] = [];
    for (const [place, member] of this.#members.entries()) {
      parts.push(
        this.#description.dropoutPasses && member.members !== undefined
          ? await member.members(samples, each, { signal, seed: memberSeed(seed, place) })
          : await member.predictProba(samples, { signal }),
      );
    }
    const { rows, cols } = parts[0] as FloatRows;
    const length = parts.reduce((sum, part) => sum + part.data.length, 0);
    const data = new Float32Array(length);
    let start = 0;
    for (const part of parts) {
      data.set(part.data, start);
      start += part.data.length;
    }
    const count = this.#description.dropoutPasses ? each * this.#members.length : this.#members.length;
    return { data, passes: count, rows, cols };
  }

  async save(dir: string): Promise<void> {
    const current = await currentFolder(dir);
    const folder = MEMBER_FOLDERS.find((name) => name !== current) ?? MEMBER_FOLDERS[0];
    await rm(join(dir, folder), { recursive: true, force: true }); // what a crash may have left
    for (const [place, member] of this.#members.entries()) await member.save(join(dir, folder, String(place)));
    const { name, options } = this.#description;
    const meta: SavedMeta = { name, options, folder, members: this.#members.length };
    await saveBundle(dir, FORMAT, { meta, arrays: {} });
    if (current !== undefined) await rm(join(dir, current), { recursive: true, force: true });
  }

  /** True where {@link save} wrote into this folder. */
  static isIn(dir: string): Promise<boolean> {
    return exists(documentIn(dir));
  }

  /**
   * Read a saved committee back; `create` makes the untrained one from its name and options, `loadMember` reads one member.
   *
   * @throws {FormatError} Not a saved committee, or one whose members do not fit it.
   */
  static async load(
    dir: string,
    create: (name: string, options: unknown) => CommitteeModel,
    loadMember: (dir: string) => Promise<NetworkModel>,
  ): Promise<CommitteeModel> {
    const { meta } = await loadBundle(dir, FORMAT);
    const { name, options, folder, members: count } = meta as SavedMeta;
    const committee = create(name, options);
    const members: NetworkModel[] = [];
    for (let place = 0; place < count; place++) members.push(await loadMember(join(dir, folder, String(place))));
    const kinds = (models: readonly NetworkModel[]): string => models.map((model) => model.name).join(', ');
    if (kinds(members) !== kinds(committee.#members)) {
      throw new FormatError(`${dir}: expected the members ${kinds(committee.#members)}, got ${kinds(members)}`);
    }
    committee.#members = members;
    return committee;
  }
}

interface SavedMeta {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly folder: string;
  readonly members: number;
}

function documentIn(dir: string): string {
  return join(dir, `${FORMAT}.json`);
}

async function currentFolder(dir: string): Promise<string | undefined> {
  try {
    const document = JSON.parse(await readFile(documentIn(dir), 'utf8')) as { meta?: { folder?: string } };
    return MEMBER_FOLDERS.find((name) => name === document.meta?.folder);
  } catch {
    return undefined; // nothing saved yet, or nothing that could be read back
  }
}
