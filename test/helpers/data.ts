import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const BESIDE = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** The folder that holds a data set's files, or null where this machine has none. */
export function dataFolder(name: string): string | null {
  const folder = process.env.QUERENT_DATA_DIR ?? BESIDE;
  return existsSync(join(folder, name)) ? folder : null;
}

/** For a test that needs files: the folder, or null after the test has been passed with a line that says why. */
export function needData(t: ExecutionContext, name: string): string | null {
  const folder = dataFolder(name);
  if (folder === null) {
    t.log(`skipped: no ${name} in QUERENT_DATA_DIR`);
    t.pass();
  }
  return folder;
}
