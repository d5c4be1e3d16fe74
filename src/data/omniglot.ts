import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ArgumentError, FormatError } from '../errors.js';
import { decodePng } from '../pool/png.js';
import { resize } from '../pool/resize.js';
import { withZip } from '../pool/zip.js';
import { type Dataset, datasetType, type LoadOptions, scaleBytes } from './dataset.js';
import { type DataFile, md5, needFile } from './files.js';
import { limitRows, sizeOptions } from './split.js';

/** Drawings are square, black on white. */
const SIZE = 105;
const DRAWERS = 20;
const LARGEST = 255;
const URL = 'https://github.com/brendenlake/omniglot/raw/master/python/';

export const OMNIGLOT_PARTS = ['small1', 'small2', 'background', 'evaluation'] as const;
export type OmniglotPart = (typeof OMNIGLOT_PARTS)[number];

interface PartSpec {
  readonly file: DataFile;
  readonly characters: number;
  /** SHA-256 of all drawings' files one after another, in the order of their names. */
  readonly sha256?: string;
}

function part(name: string, characters: number, bytes: number, hex: string, sha256?: string): PartSpec {
  const zip = `images_${name}.zip`;
  const file = { name: zip, served: { name: zip, url: URL + zip, bytes, checksum: md5(hex) } };
  return { file, characters, ...(sha256 === undefined ? {} : { sha256 }) };
}

const PARTS: Readonly<Record<OmniglotPart, PartSpec>> = {
  small1: part(
    'background_small1',
    136,
    1_319_022,
    'e704a628b5459e08445c13499850abc4',
    '157b074a4e76d4f550fac8b259b192152c2972beab30f8ccdefa4be95ade6dcb',
  ),
  small2: part(
    'background_small2',
    156,
    1_580_917,
    'b75a71a51d3b13f821f212756fe481fd',
    '7748e0cc5a05824bf2488bb63d31c67acfab4544aa8501ab312aff2965a872a6',
  ),
  background: part('background', 964, 9_464_212, '68d2efa1b9178cc56df9314c21c6e718'),
  evaluation: part('evaluation', 659, 6_462_886, '6b91aef0f799c5bb55b94e3f2daec811'),
};

/** One drawing of a character by one of the 20 people. */
export interface Drawing {
  readonly alphabet: string;
  /** Alphabet and character, `Greek/character03`. */
  readonly character: string;
  /** 1 to 20. */
  readonly drawer: number;
  /** The PNG file as it is in the archive. */
  readonly png: Uint8Array;
}

/** images_background/Greek/character03/0396_07.png: character 3, drawing of person 7 */
const MEMBER = /^[^/]+\/([^/]+)\/(character\d+)\/\d+_(\d+)\.png$/;

/**
 * Read the drawings of an official zip file, sorted by alphabet, character and drawer.
 *
 * @throws {FormatError} Not such an archive, or drawings are missing or damaged.
 * @throws {StorageError} It cannot be read.
 */
export async function readDrawings(
  path: string,
  expected: { readonly characters?: number | undefined; readonly sha256?: string | undefined } = {},
  { signal, onProgress }: LoadOptions = {},
): Promise<Drawing[]> {
  const drawings = await withZip(
    path,
    async (members) => {
      const found: (Drawing & { name: string })[] = [];
      for (const [name, member] of members) {
        const [, alphabet = '', character = '', drawer = ''] = MEMBER.exec(name) ?? [];
        if (alphabet === '' || name.startsWith('__MACOSX/')) continue;
        const png = await member.read();
        found.push({ name, alphabet, character: `${alphabet}/${character}`, drawer: Number(drawer), png });
        onProgress?.({ task: 'read', name: path, done: found.length, total: members.size, unit: 'images' });
      }
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    { signal },
  );
  const perCharacter = new Map<string, Set<number>>();
  for (const { character, drawer } of drawings) {
    const drawers = perCharacter.get(character) ?? new Set();
    perCharacter.set(character, drawers.add(drawer));
  }
  const count = perCharacter.size;
  if (count === 0 || (expected.characters !== undefined && count !== expected.characters)) {
    throw new FormatError(`${path}: expected drawings of ${expected.characters ?? 'some'} characters, got ${count}`);
  }
  for (const [character, drawers] of perCharacter) {
    if (drawers.size !== DRAWERS || Math.max(...drawers) !== DRAWERS) {
      throw new FormatError(`${path}: expected ${DRAWERS} drawings of ${character}, got ${drawers.size}`);
    }
  }
  if (expected.sha256 !== undefined) {
    const hash = createHash('sha256');
    for (const { png } of drawings) hash.update(png);
    const found = hash.digest('hex');
    if (found !== expected.sha256) {
      throw new FormatError(
        `${path}: expected drawings with SHA-256 ${expected.sha256}, got ${found}; they are other ones`,
      );
    }
  }
  return drawings;
}

/**
 * A drawing as bytes [size, size]: resized with Lanczos, then inverted so that ink is bright.
 *
 * @throws {FormatError} Not a grey PNG of 105 x 105 pixels.
 */
export function drawingPixels({ png, character, drawer }: Drawing, size: number, invert: boolean): Uint8Array {
  const where = `${character} by drawer ${drawer}`;
  const image = decodePng(png, where);
  if (image.width !== SIZE || image.height !== SIZE || image.channels !== 1) {
    throw new FormatError(
      `${where}: expected a grey image of ${SIZE} x ${SIZE}, got ${image.width} x ${image.height} x ${image.channels}`,
    );
  }
  const { data } = resize(image, size, size);
  return invert ? data.map((value) => LARGEST - value) : data;
}

const omniglotOptions = z.strictObject({
  ...sizeOptions,
  /** Official archives; an alphabet that is in several of them is taken from the first. */
  parts: z.array(z.enum(OMNIGLOT_PARTS)).min(1).default(['small1']),
  /** Alphabets to leave out. */
  without: z.array(z.string()).default([]),
  /** Height and width; 105 is the original. */
  size: z.int().min(1).max(SIZE).default(28),
  /** Bright ink on dark ground; the originals are the other way round. */
  invert: z.boolean().default(true),
  /** Drawings of every character by the last so many of the 20 people are the test set. */
  testDrawers: z
    .int()
    .min(1)
    .max(DRAWERS - 1)
    .default(5),
});

/**
 * Handwritten characters of many alphabets, each drawn once by 20 people; a class is a character. The pool holds the
 * drawings of the first people, the test set those of the last.
 *
 * For learning from few examples, `small1` is the usual training set of 136 characters and `small2` without Greek and
 * Latin, which are in both, the test set of 106.
 *
 * @see B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum: Human-level concept learning through probabilistic program
 *   induction. Science, 2015.
 */
export const omniglot = datasetType({
  name: 'omniglot',
  description: 'handwritten characters of up to 50 alphabets, 20 drawings of each, 105 x 105 pixels made smaller',
  licence: 'MIT',
  files: OMNIGLOT_PARTS.map((name) => PARTS[name].file),
  options: omniglotOptions,
  async load(options, where) {
    const { size, invert, testDrawers } = options;
    const drawings = await readParts(options, where);
    const classNames = [...new Set(drawings.map(({ character }) => character))];
    const classOf = new Map(classNames.map((name, at) => [name, at]));
    const rows = { pool: [] as number[], test: [] as number[] };
    for (const [row, { drawer }] of drawings.entries())
      (drawer <= DRAWERS - testDrawers ? rows.pool : rows.test).push(row);
    const kept = limitRows('omniglot', rows, options);
    const take = (chosen: readonly number[]): Dataset['pool'] => {
      const data = new Float32Array(chosen.length * size * size);
      for (const [at, row] of chosen.entries()) {
        where.signal?.throwIfAborted();
        data.set(scaleBytes(drawingPixels(drawings[row] as Drawing, size, invert), LARGEST), at * size * size);
      }
      const labels = Uint32Array.from(chosen, (row) => classOf.get(drawings[row]?.character ?? '') ?? 0);
      return { samples: { data, rows: chosen.length, cols: size * size }, labels };
    };
    const idOf = ({ character, drawer }: Drawing): string => `${character}/${drawer}`;
    return {
      name: 'omniglot',
      sampleShape: [size, size, 1],
      classes: classNames.length,
      classNames,
      pool: take(kept.pool),
      test: take(kept.test),
      ids: kept.pool.map((row) => idOf(drawings[row] as Drawing)),
      source: 'B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum: Omniglot (MIT)',
    };
  },
});

/** Drawings of the chosen archives, each alphabet from one of them. */
async function readParts({ parts, without }: z.output<typeof omniglotOptions>, where: LoadOptions): Promise<Drawing[]> {
  const drawings: Drawing[] = [];
  const known = new Set<string>();
  for (const name of new Set(parts)) {
    const { file, ...expected } = PARTS[name];
    const found = await readDrawings(await needFile('omniglot', file, where), expected, where);
    drawings.push(...found.filter(({ alphabet }) => !known.has(alphabet)));
    for (const { alphabet } of found) known.add(alphabet);
  }
  const unknown = without.find((alphabet) => !known.has(alphabet));
  if (unknown !== undefined) {
    throw new ArgumentError(
      `data set omniglot: there is no alphabet ${unknown} to leave out; expected ${[...known].join(', ')}`,
    );
  }
  const left = drawings.filter(({ alphabet }) => !without.includes(alphabet));
  if (new Set(left.map(({ character }) => character)).size < 2) {
    throw new ArgumentError('data set omniglot: expected at least two characters after leaving alphabets out');
  }
  return left;
}
