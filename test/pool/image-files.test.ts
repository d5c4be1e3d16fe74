import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { listImageFiles } from '../../src/pool/image-files.js';

async function folderOf(names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'querent-images-'));
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), '');
  }
  return folder;
}

test('images are listed in code-unit order; other files and hidden ones are not', async (t) => {
  const folder = await folderOf([
    'b/2.PNG',
    'b/10.jpg',
    'a/x.webp',
    'Z.jpeg',
    'notes.txt',
    '.hidden.png',
    '.cache/y.png',
  ]);
  t.deepEqual(await listImageFiles(folder), ['Z.jpeg', 'a/x.webp', 'b/10.jpg', 'b/2.PNG']);
});

test('links to files and folders are followed, circles are not', async (t) => {
  const folder = await folderOf(['real/1.png']);
  await symlink(folder, join(folder, 'real', 'circle'));
  await symlink(join(folder, 'real', '1.png'), join(folder, 'link.png'));
  await symlink(join(folder, 'real'), join(folder, 'other'));
  t.deepEqual(await listImageFiles(folder), ['link.png', 'other/1.png', 'real/1.png']);
});

test('a folder that is missing, without images or a file says so', async (t) => {
  const folder = await folderOf(['notes.txt']);
  const code = 'ERR_QUERENT_STORAGE';
  await t.throwsAsync(listImageFiles(folder), { code, message: /expected images \(\.png.*found none/ });
  await t.throwsAsync(listImageFiles(join(folder, 'none')), { code, message: /no such file or folder/ });
  await t.throwsAsync(listImageFiles(join(folder, 'notes.txt')), { code, message: /part of the path is not a folder/ });
  const reason = new Error('enough');
  await t.throwsAsync(listImageFiles(folder, { signal: AbortSignal.abort(reason) }), { is: reason });
});
