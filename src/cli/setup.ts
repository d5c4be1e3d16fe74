import { Command } from 'commander';
import { formatBytes, print, processEffects, progressBar, type Progress, UsageError } from './effects.js';

interface TensorflowOptions {
  force?: boolean;
  json?: boolean;
}

/** `querent setup tensorflow`. */
export function setupCommand(): Command {
  const command = new Command('setup').description('make optional parts work on this machine').action(() => {
    throw new UsageError('say what to set up: querent setup tensorflow');
  });
  command
    .command('tensorflow')
    .description('make @tensorflow/tfjs-node load and compute: find or fetch the library, build the binding, check it')
    .option('--force', 'build again even where it works')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
It takes, in this order: what already works; a library in the folder that QUERENT_LIBTENSORFLOW names (lib/, include/);
the library of an installed Python TensorFlow; tfjs-node's own download, where it is reachable; the tensorflow-cpu wheel,
fetched with pip into the user's cache (about 860 MB there, shared by all projects).`,
    )
    .action((options: TensorflowOptions) => setUp(options));
  return command;
}

async function setUp(options: TensorflowOptions): Promise<void> {
  const { setupTensorflow } = await import('../tensorflow/setup.js');
  const { stdout, stderr, signal } = processEffects();
  const started = performance.now();
  let bar: Progress | undefined;
  const result = await setupTensorflow({
    force: options.force ?? false,
    signal,
    onStep: (line) => {
      bar?.done();
      bar = undefined;
      stderr.write(`${line}\n`);
    },
    onBytes: (done, total) => {
      bar ??= progressBar('download', total, { format: formatBytes });
      bar.update(done);
    },
  });
  bar?.done();
  const seconds = (performance.now() - started) / 1000;
  if (options.json) return print(stdout, `${JSON.stringify({ ...result, seconds })}\n`);
  const origin = result.origin === null ? 'already works' : `works now, built against ${result.origin}`;
  await print(stdout, `tfjs-node ${origin}: TensorFlow ${result.tensorflow}, checked in ${seconds.toFixed(1)} s\n`);
}
