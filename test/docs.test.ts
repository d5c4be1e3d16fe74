import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { strategies } from '../src/index.js';

const ROOT = new URL('../', import.meta.url);
const PAGES = ['README.md', 'CONTRIBUTING.md', 'bench/README.md', ...files('docs', '.md')];

function files(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);
}

const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

test('every error code is documented, and no other', (t) => {
  const used = new Set<string>();
  for (const path of [...files('src', '.ts'), ...files('bindings', '.cpp')]) {
    for (const [code] of read(path).matchAll(/ERR_QUERENT_[A-Z_]*[A-Z]/g)) used.add(code);
  }
  const documented = [...read('docs/errors.md').matchAll(/^\| `(ERR_QUERENT_[A-Z_]+)`/gm)].map(([, code]) => code);
  t.deepEqual(documented.sort(), [...used].sort());
});

test('links between the pages lead somewhere', (t) => {
  for (const page of PAGES) {
    const folder = new URL(page, ROOT);
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      t.true(existsSync(fileURLToPath(new URL(target, folder))), `${page} links to ${target}`);
    }
  }
});

test('the example in the README is the one that the tests run', (t) => {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
  t.is(code, read('examples/score.mjs'));
});

test('every strategy stands in the guide, with what it needs and all its options, and no other', (t) => {
  const rows = new Map<string, string[]>();
  for (const line of read('docs/strategies.md').split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const name = /^`([a-z+-]+)`$/.exec(cells[1] ?? '')?.[1];
    if (name !== undefined && cells.length === 7) rows.set(name, cells);
  }
  t.deepEqual([...rows.keys()].sort(), [...strategies.keys()].sort());
  for (const [name, { needs, options }] of strategies) {
    const [, , , needsCell = '', optionsCell = ''] = rows.get(name) ?? [];
    const named = (cell: string): string[] => [...cell.matchAll(/`([A-Za-z-]+)`/g)].map(([, word = '']) => word);
    t.deepEqual(named(needsCell).sort(), [...needs].sort(), name);
    const keys = Object.keys((options as unknown as { shape: object }).shape);
    t.deepEqual(
      named(optionsCell)
        .filter((word) => !strategies.has(word) || keys.includes(word))
        .sort(),
      keys.sort(),
      name,
    );
  }
});
