/** The process of {@link runInChild}: makes the data of a case, runs one runner once and sends what it measured. */
import { UnavailableError } from '../../errors.js';
import { CASES } from './cases.js';
import { BenchContext } from './context.js';
import { withPeak, type MemoryOrder } from './memory.js';

async function main(): Promise<void> {
  const { id, runner: name, scale } = JSON.parse(process.argv[2] ?? '{}') as MemoryOrder;
  const context = new BenchContext(scale, '', undefined, undefined);
  const prepared = await CASES.find((benchCase) => benchCase.id === id)?.prepare(context);
  const runner = prepared?.runners.find((one) => one.name === name);
  if (runner === undefined) throw new UnavailableError(`the case ${id} has no runner ${name}`);
  const measured = await withPeak(() => runner.run());
  process.send?.(measured, () => process.disconnect());
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
  process.disconnect();
});
