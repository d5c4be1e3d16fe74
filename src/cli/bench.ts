import { Command, InvalidArgumentError, Option } from 'commander';
import type { BenchOptions } from './bench/run.js';
import { processEffects } from './effects.js';
import { wholeNumber } from './score.js';

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('expected a number above 0');
  return value;
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('Time the kernels beside their peers: plain JS, TensorFlow.js, and NumPy, SciPy and others in Python.')
    .argument('[filter]', 'only cases whose name contains this text')
    .option('--list', 'print the names of the cases')
    .option('--rounds <count>', 'rounds per case at most', wholeNumber(1), 15)
    .option('--budget <seconds>', 'start no more rounds of a case after this time (5 always run)', positiveNumber, 6)
    .option('--scale <factor>', 'multiply the numbers of rows: 0.01 for a quick look, without gates', positiveNumber, 1)
    .addOption(
      new Option('--clock <name>', 'wall: what a user waits; cpu: processor time, for a machine that others use, too')
        .choices(['wall', 'cpu'])
        .default('wall'),
    )
    .option('--level <name>', 'CPU level: scalar, avx2, avx512, neon (default: the best)')
    .option('--python <path>', 'interpreter for the Python peers (default: QUERENT_BENCH_PYTHON, python3)')
    .option('--no-memory', 'leave out the peak memory, which takes one more run of each runner in a fresh process')
    .option('--no-peers', 'only querent itself and plain JS')
    .option('--json', 'print the result as JSON')
    .option('-o, --out <file>', 'write the result as JSON, for the records')
    .action(async (filter: string | undefined, options: BenchOptions) => {
      const { runBench } = await import('./bench/run.js');
      await runBench(filter ?? '', options, processEffects());
    });
}
