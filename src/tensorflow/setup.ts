import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnavailableError } from '../errors.js';
import { buildBinding } from './binding.js';
import { withLock } from '../cache.js';
import {
  libraryFromEnvironment,
  libraryFromPython,
  libraryFromWheel,
  type Library,
  type LibraryProgress,
} from './library.js';
import { downloadIsReachable, runOwnInstaller } from './own-installer.js';
import { findPackage, packageIn, TFJS_NODE_VERSION, type PackagePlace } from './packages.js';
import { verifyTensorflow } from './verify.js';

export interface SetupOptions {
  /** Folder of @tensorflow/tfjs-node. Default: the one that querent, or else the current folder, would load. */
  folder?: string;
  /** Build again even where TensorFlow already works. Default false. */
  force?: boolean;
  /** One line per step. */
  onStep?: (line: string) => void;
  /** Bytes so far of a long download. */
  onBytes?: (done: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

export interface SetupResult {
  readonly status: 'already-working' | 'built';
  /** Folder of @tensorflow/tfjs-node. */
  readonly folder: string;
  /** Version of the TensorFlow library. */
  readonly tensorflow: string;
  /** Where the library came from; null where nothing was done. */
  readonly origin: string | null;
}

/**
 * Make @tensorflow/tfjs-node load and compute on this machine, and prove it in a child process.
 *
 * In this order: it already works; a library named by `QUERENT_LIBTENSORFLOW`; the library of an installed Python
 * TensorFlow; the package's own download, where its host answers within seconds; the tensorflow-cpu wheel from pip's index,
 * kept in the user's cache. Safe to repeat, to interrupt, and to run twice at once.
 *
 * @throws {UnavailableError} Code `ERR_QUERENT_TENSORFLOW_UNAVAILABLE`: what is missing and how to get it.
 */
export async function setupTensorflow(options: SetupOptions = {}): Promise<SetupResult> {
  const { force = false, onStep = () => {}, onBytes = () => {}, signal } = options;
  const { folder } = options;
  const tfjsNode = folder === undefined ? findPackage('@tensorflow/tfjs-node') : packageIn(folder);
  if (tfjsNode === undefined) {
    throw unavailable(
      `@tensorflow/tfjs-node is not installed. Run: npm install --ignore-scripts @tensorflow/tfjs-node@${TFJS_NODE_VERSION}`,
    );
  }
  const progress: LibraryProgress = { say: onStep, bytes: onBytes, signal };
  return withLock(
    lockPath(tfjsNode.folder),
    async () => {
      if (!force) {
        const { works, tensorflow = '', why } = await verifyTensorflow(tfjsNode.folder, signal);
        if (works) return { status: 'already-working', folder: tfjsNode.folder, tensorflow, origin: null };
        onStep(`tfjs-node does not run yet: ${why}`);
      }
      return build(tfjsNode, progress);
    },
    () => onStep('waiting for another set-up of the same package'),
  );
}

async function build(tfjsNode: PackagePlace, progress: LibraryProgress): Promise<SetupResult> {
  const { say, signal } = progress;
  const here = libraryFromEnvironment() ?? (await libraryFromPython(signal));
  if (here === undefined && (await downloadIsReachable(tfjsNode, signal))) {
    say("running tfjs-node's own installer");
    const failure = await runOwnInstaller(tfjsNode, signal);
    const check = failure === undefined ? await verifyTensorflow(tfjsNode.folder, signal) : undefined;
    if (check?.works) return result(tfjsNode, check.tensorflow ?? '', "tfjs-node's own installer");
    say(`that did not help (${failure ?? check?.why}); going on with the wheel`);
  }
  const library: Library = here ?? (await libraryFromWheel(progress));
  say(`compiling tfjs-node's binding against ${library.origin}`);
  await buildBinding(tfjsNode, library, signal);
  say('checking it: a matrix product and one training step');
  const { works, tensorflow = '', why } = await verifyTensorflow(tfjsNode.folder, signal);
  if (!works) throw unavailable(`tfjs-node was built against ${library.origin} but does not run: ${why}`);
  return result(tfjsNode, tensorflow, library.origin);
}

function result({ folder }: PackagePlace, tensorflow: string, origin: string): SetupResult {
  return { status: 'built', folder, tensorflow, origin };
}

/** One lock per package folder, kept outside it: npm may remove the folder at any time. */
function lockPath(folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `querent-tensorflow-${name}.lock`);
}

function unavailable(message: string): UnavailableError {
  return new UnavailableError(message, { code: 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE' });
}
