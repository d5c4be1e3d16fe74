import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readTextCsv } from '../../src/pool/csv-text.js';

async function fileOf(text: string, name = 'x.csv'): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'querent-csv-')), name);
  await writeFile(path, text);
  return path;
}

test('cells come as text with the line they are in', async (t) => {
  const path = await fileOf('\ufeffid, text\r\n1,"a, ""b""\nc"\n\n2,ü\n');
  t.deepEqual(await readTextCsv(path), {
    header: ['id', 'text'],
    rows: [
      { cells: ['1', 'a, "b"\nc'], line: 3 },
      { cells: ['2', 'ü'], line: 5 },
    ],
  });
  const tabs = await fileOf('a\tb\n1,5\t2\n', 'x.tsv');
  t.deepEqual((await readTextCsv(tabs)).rows, [{ cells: ['1,5', '2'], line: 2 }]);
});

test('files that are no table say where', async (t) => {
  const code = 'ERR_QUERENT_FORMAT';
  await t.throwsAsync(readTextCsv(await fileOf('')), { code, message: /names the columns, got an empty file/ });
  await t.throwsAsync(readTextCsv(await fileOf('a,b\n1,2\n3\n')), {
    code,
    message: /line 3 has 1 columns, expected 2/,
  });
  await t.throwsAsync(readTextCsv(await fileOf('a,a\n')), { code, message: /got "a" twice/ });
  await t.throwsAsync(readTextCsv(await fileOf('a,b\n1,"2\n')), { code, message: /cannot be read as CSV/ });
  await t.throwsAsync(readTextCsv('/nowhere/x.csv'), { code: 'ERR_QUERENT_STORAGE', message: /no such file/ });
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await t.throwsAsync(readTextCsv(await fileOf('a\n'), { signal }), { is: reason });
});
