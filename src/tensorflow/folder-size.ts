import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes in all files below a folder; files that vanish while we look count as nothing. */
async function folderSize(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await folderSize(path);
    else if (entry.isFile()) bytes += (await stat(path).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}

/**
 * Report how much has been written below a folder, twice a second: the progress of a download by a program that shows
 * progress only to terminals.
 */
export function watchFolderSize(folder: string, onBytes: (bytes: number) => void): { stop(): void } {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void folderSize(folder).then((bytes) => {
      busy = false;
      onBytes(bytes);
    });
  }, 500);
  return { stop: () => clearInterval(timer) };
}
