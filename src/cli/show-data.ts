import { parse } from 'yaml';
import type { Dataset, LoadProgress } from '../data/dataset.js';
import { hasFile } from '../data/files.js';
import { datasets, loadDataset } from '../data/registry.js';
import {
  alignTable,
  type Effects,
  formatBytes,
  formatSeconds,
  groupDigits,
  print,
  progressBar,
  UsageError,
} from './effects.js';

/** Options of `querent data`, as commander delivers them. */
export interface ShowOptions {
  readonly dataDir?: string;
  readonly download?: boolean;
  readonly mirror?: string;
  readonly option?: readonly string[];
  readonly json?: boolean;
}

/** Every data set, its licence, and how many of its files are found. */
export async function listData(options: ShowOptions, { stdout }: Effects): Promise<void> {
  const { dataDir } = options;
  const rows = await Promise.all(
    [...datasets.values()].map(async ({ name, description, licence, files }) => {
      const found = await Promise.all(files.map((file) => hasFile(name, file, { dataDir })));
      return {
        name,
        description,
        licence,
        files: files.length,
        found: found.filter(Boolean).length,
      };
    }),
  );
  if (options.json === true) return print(stdout, `${JSON.stringify(rows)}\n`);
  const state = ({ name, files, found }: (typeof rows)[number]): string =>
    files > 0 ? `${found} of ${files} files` : name === 'digits' ? 'embedded' : 'yours';
  await print(
    stdout,
    alignTable(
      ['name', 'here', 'what', 'licence'],
      rows.map((row) => [row.name, state(row), row.description, row.licence]),
      4,
    ),
  );
}

/** Load one data set and say what it is; that its files are whole is shown by having loaded them. */
export async function showData(name: string, options: ShowOptions, effects: Effects): Promise<void> {
  const { stdout, stderr, signal } = effects;
  const { dataDir, download, mirror } = options;
  const started = performance.now();
  const files: string[] = [];
  const watch = watchLoading(effects, (path) => files.push(path));
  const settings = readSettings(options.option ?? []);
  const load = { dataDir, download, mirror, options: settings, signal, onProgress: watch.onProgress };
  const dataset = await loadDataset(name, load).finally(watch.done);
  const facts = factsOf(dataset);
  if (options.json === true) return print(stdout, `${JSON.stringify({ ...facts, files })}\n`);
  const named = facts.classNames.slice(0, 10).join(', ') + (facts.classNames.length > 10 ? ', …' : '');
  const lines = [
    ['samples', `${groupDigits(facts.pool)} in the pool, ${groupDigits(facts.test)} in the test set`],
    ['shape', facts.sampleShape.join(' x ')],
    ['classes', named === '' ? String(facts.classes) : `${facts.classes}: ${named}`],
    ['memory', formatBytes(facts.bytes)],
    ['source', facts.source],
    ...files.map((path, at) => [at === 0 ? 'files' : '', path]),
  ];
  await print(stdout, lines.map(([key = '', value = '']) => `${key.padEnd(8)} ${value}\n`).join(''));
  stderr.write(`${name} is whole; read in ${formatSeconds((performance.now() - started) / 1000)}\n`);
}

function factsOf({ name, sampleShape, classes, classNames = [], pool, test, source }: Dataset): {
  name: string;
  sampleShape: readonly number[];
  classes: number;
  classNames: readonly string[];
  pool: number;
  test: number;
  bytes: number;
  source: string;
} {
  const bytes = [pool, test].reduce((sum, { samples, labels }) => {
    const data = samples.data as unknown as ArrayBufferView;
    return sum + data.byteLength + labels.byteLength;
  }, 0);
  return { name, sampleShape, classes, classNames, pool: pool.samples.rows, test: test.samples.rows, bytes, source };
}

/** `size=28` -> { size: 28 } */
export function readSettings(settings: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf('=');
      try {
        return [setting.slice(0, at), parse(setting.slice(at + 1)) as unknown];
      } catch (cause) {
        throw new UsageError(`--option ${setting}: expected a YAML value (${(cause as Error).message})`, { cause });
      }
    }),
  );
}

/** A bar for one file after the other. */
function watchLoading(
  { stderr }: Effects,
  onFile: (path: string) => void,
): { onProgress: (progress: LoadProgress) => void; done: () => void } {
  let current = '';
  let bar: ReturnType<typeof progressBar> | undefined;
  const done = (): void => bar?.done();
  return {
    done,
    onProgress({ task, name, done: amount, total, unit }) {
      if (name !== current) {
        done();
        current = name;
        if (task === 'read') onFile(name);
        const label = `${task} ${name.split('/').at(-1) ?? name}`;
        bar = progressBar(label, total, { stream: stderr, ...(unit === 'bytes' ? { format: formatBytes } : {}) });
      }
      bar?.update(amount);
    },
  };
}
