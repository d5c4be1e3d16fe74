import { Writable } from 'node:stream';
import test from 'ava';
import { alignTable, formatBytes, formatSeconds, groupDigits, progressBar } from '../../src/cli/effects.js';

class Screen extends Writable {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns: number,
  ) {
    super();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('on a terminal one line is redrawn, fits its width and is gone at the end', async (t) => {
  for (const columns of [0, 30, 80, 200]) {
    const screen = new Screen(true, columns);
    const bar = progressBar('scoring', 1000, { stream: screen });
    bar.update(1);
    t.is(screen.text, '', 'short work shows nothing');
    await pause(500);
    bar.update(500);
    t.regex(screen.text, /^\r\x1b\[2Kscoring .*50 %/);
    t.true(screen.text.length - 5 < (columns || 80));
    bar.update(501);
    t.is(screen.text.split('\r').length, 2, 'not redrawn at once');
    bar.done();
    t.true(screen.text.endsWith('\r\x1b[2K'));
    t.false(screen.text.includes('\n'));
  }
});

test('a file gets no control characters and nothing for short work', (t) => {
  const file = new Screen(false, 0);
  const bar = progressBar('scoring', NaN, { stream: file });
  bar.update(1);
  bar.done();
  t.is(file.text, '');
});

test('amounts are written for people', (t) => {
  t.is(groupDigits(1234567), '1 234 567');
  t.is(groupDigits(999), '999');
  t.deepEqual([0, 999, 1500, 4e8, 1.6e10].map(formatBytes), ['0 B', '999 B', '1.5 kB', '400 MB', '16.0 GB']);
  t.deepEqual([0.0123, 0.5, 99, 3725].map(formatSeconds), ['12.3 ms', '0.50 s', '99.00 s', '62 min 5 s']);
  t.is(
    alignTable(
      ['', 'n'],
      [
        ['a', '10'],
        ['bcd', '5'],
      ],
      1,
    ),
    '      n\na    10\nbcd   5\n',
  );
});
