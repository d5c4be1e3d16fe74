import test from 'ava';
import { QuerentError } from '../../src/errors.js';
import { parseTar } from '../../src/pool/tar.js';
import { tarOf } from '../helpers/files.js';

const files = { 'folder/a.bin': Uint8Array.from([1, 2, 3]), empty: new Uint8Array(0), b: new Uint8Array(1024).fill(7) };

test('regular files come by name', (t) => {
  const read = parseTar(tarOf(files), 'x');
  t.deepEqual([...read.keys()], Object.keys(files));
  for (const [name, data] of Object.entries(files)) t.deepEqual(new Uint8Array(read.get(name)!), data);
});

test('cut short anywhere before its end it is a typed error', (t) => {
  const whole = tarOf(files);
  for (let length = 0; length < whole.length - 1024; length++) {
    t.throws(() => parseTar(whole.subarray(0, length), 'x'), { instanceOf: QuerentError, code: 'ERR_QUERENT_FORMAT' });
  }
});

test('what is no tar archive says so', (t) => {
  t.throws(() => parseTar(new Uint8Array(600).fill(65), 'x'), { message: /expected a tar header at byte 0/ });
  const changed = tarOf(files);
  changed[3]! ^= 1;
  t.throws(() => parseTar(changed, 'x'), { message: /expected a tar header at byte 0/ });
});
