import { existsSync } from 'node:fs';
import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnavailableError } from '../errors.js';
import { createFolder, userCache, withLock } from '../cache.js';
import { watchFolderSize } from './folder-size.js';
import { lastLines, runProcess } from './process.js';

/** A TensorFlow C library on this machine: the files that the binding of tfjs-node is compiled and linked against. */
export interface Library {
  /** Where it came from, for people. */
  readonly origin: string;
  /** The library with the TF_ and TFE_ symbols, under the name that it gives itself. */
  readonly core: string;
  readonly framework: string;
  /** Folder holding tensorflow/c/c_api.h. */
  readonly include: string;
}

const CORE_NAMES = ['libtensorflow_cc.so.2', 'libtensorflow.so.2'];
const FRAMEWORK_NAME = 'libtensorflow_framework.so.2';

/** The wheel that is known to work, and its hash: pip refuses any other file of that name. */
const WHEEL = {
  requirement: 'tensorflow-cpu==2.21.0',
  python: '311',
  platform: 'manylinux_2_27_x86_64',
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  folder: 'tensorflow-cpu-2.21.0-linux-x64',
  /** Bytes: the download, and what is unpacked of it. */
  download: 273_829_956,
  unpacked: 856_000_000,
};

/** What the wheel path says and asks along the way. */
export interface LibraryProgress {
  say(line: string): void;
  /** Bytes so far of the download. */
  bytes(done: number, total: number): void;
  signal?: AbortSignal | undefined;
}

/**
 * A library in a folder laid out like Google's C package (lib/, include/) or like TensorFlow's Python package.
 *
 * @returns What is missing, as a sentence, when it is no such folder.
 */
export function libraryIn(folder: string, origin: string): Library | string {
  const places = [join(folder, 'lib'), folder, join(folder, 'tensorflow')];
  for (const place of places) {
    const core = CORE_NAMES.map((name) => join(place, name)).find((path) => existsSync(path));
    if (core === undefined) continue;
    const framework = join(place, FRAMEWORK_NAME);
    if (!existsSync(framework)) return `${place} holds no ${FRAMEWORK_NAME}`;
    const include = [join(folder, 'include'), join(place, 'include')].find((path) =>
      existsSync(join(path, 'tensorflow', 'c', 'c_api.h')),
    );
    if (include === undefined) return `${folder} holds no include/tensorflow/c/c_api.h`;
    return { origin, core, framework, include };
  }
  return `${folder} holds neither ${CORE_NAMES.join(' nor ')} (looked in it, in lib/ and in tensorflow/)`;
}

/** The library that `QUERENT_LIBTENSORFLOW` names. */
export function libraryFromEnvironment(): Library | undefined {
  const folder = process.env.QUERENT_LIBTENSORFLOW;
  if (folder === undefined || folder === '') return undefined;
  const found = libraryIn(folder, `QUERENT_LIBTENSORFLOW (${folder})`);
  if (typeof found !== 'string') return found;
  throw new UnavailableError(`QUERENT_LIBTENSORFLOW must name a folder with TensorFlow's C library: ${found}`, {
    code: 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE',
  });
}

/** The library inside a TensorFlow that a Python on this machine has installed; Python only says where, nothing is imported. */
export async function libraryFromPython(signal?: AbortSignal): Promise<Library | undefined> {
  const ask =
    'import importlib.util as u; s = u.find_spec("tensorflow"); print(*(s and s.submodule_search_locations or []), sep="\\n")';
  for (const python of ['python3', 'python']) {
    const { code, stdout } = await runProcess(python, ['-c', ask], { timeout: 20_000, signal });
    if (code !== 0) continue;
    for (const folder of stdout.split('\n').filter((line) => line !== '')) {
      const found = libraryIn(folder, `TensorFlow of ${python} (${folder})`);
      if (typeof found !== 'string') return found;
    }
  }
  return undefined;
}

/**
 * The library out of the tensorflow-cpu wheel, kept in the user's cache: downloaded with pip once, and only the two
 * libraries and the C headers unpacked (a wheel is a zip archive; TensorFlow's Python code is never run).
 */
export async function libraryFromWheel(progress: LibraryProgress): Promise<Library> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw unavailable(
      `there is no known TensorFlow wheel for ${process.platform}-${process.arch}. Set QUERENT_LIBTENSORFLOW to a folder with TensorFlow's C library (lib/ and include/)`,
    );
  }
  const folder = userCache('tensorflow', WHEEL.folder);
  await withLock(
    `${folder}.lock`,
    async () => {
      if (!existsSync(folder)) await createFolder(folder, (temporary) => downloadWheel(temporary, progress));
    },
    () => progress.say('waiting for another set-up that is downloading TensorFlow'),
  );
  const library = libraryIn(folder, `the wheel ${WHEEL.requirement} (${folder})`);
  if (typeof library === 'string')
    throw unavailable(`the cache is damaged: ${library}. Remove ${folder} and try again`);
  return library;
}

async function downloadWheel(folder: string, progress: LibraryProgress): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = WHEEL.unpacked + 2 * WHEEL.download; // pip holds the file twice for a moment
  if (bavail * bsize < needed) {
    throw unavailable(
      `TensorFlow needs ${Math.ceil(needed / 1e6)} MB of disk space in ${folder}, ${Math.floor((bavail * bsize) / 1e6)} MB are free. Make room, or set XDG_CACHE_HOME to a larger disk`,
    );
  }
  const pip = await findPip(folder, progress);
  progress.say(`downloading ${WHEEL.requirement} (${Math.round(WHEEL.download / 1e6)} MB) with pip`);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${WHEEL.requirement} --hash=sha256:${WHEEL.sha256}\n`);
  const args = [
    ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar', 'off'],
    ...['--python-version', WHEEL.python, '--platform', WHEEL.platform, '--dest', folder, '-r', requirements],
  ];
  const watch = watchFolderSize(folder, (bytes) => progress.bytes(Math.min(bytes, WHEEL.download), WHEEL.download));
  try {
    const { code, stderr } = await runProcess(pip, args, {
      env: { ...process.env, TMPDIR: folder, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      signal: progress.signal,
    });
    if (code !== 0) throw unavailable(`pip could not download ${WHEEL.requirement}:\n${lastLines(stderr)}`);
  } finally {
    watch.stop();
  }
  progress.say('unpacking');
  const { code, stderr } = await runProcess(pip, ['-c', UNPACK, folder], { signal: progress.signal });
  if (code !== 0) throw unavailable(`the wheel could not be unpacked:\n${lastLines(stderr)}`);
}

/** A Python that has pip; where it has none (Debian splits it off), a throw-away virtual environment brings one. */
async function findPip(folder: string, { say, signal }: LibraryProgress): Promise<string> {
  let python: string | undefined;
  for (const candidate of ['python3', 'python']) {
    if ((await runProcess(candidate, ['-m', 'pip', '--version'], { signal })).code === 0) return candidate;
    if ((await runProcess(candidate, ['-c', 'import zipfile'], { signal })).code === 0) python ??= candidate;
  }
  if (python !== undefined) {
    const environment = join(folder, 'venv');
    say('making a temporary Python environment, because this Python has no pip');
    if ((await runProcess(python, ['-m', 'venv', environment], { signal })).code === 0) {
      return join(environment, 'bin', 'python');
    }
  }
  throw unavailable(
    'Python 3 with pip is needed to download TensorFlow. Install it with "apt-get install python3-pip python3-venv", "dnf install python3-pip" or "brew install python", or set QUERENT_LIBTENSORFLOW to a folder with TensorFlow\'s C library',
  );
}

/** argv[1] is the folder: the wheel in it becomes lib/ and include/, and everything else in it goes away. */
const UNPACK = `
import os, shutil, sys, zipfile
folder = sys.argv[1]
wheel = next(name for name in os.listdir(folder) if name.endswith('.whl'))
keep = ('tensorflow/c/', 'tsl/', 'xla/tsl/c/', 'tensorflow/core/platform/')
with zipfile.ZipFile(os.path.join(folder, wheel)) as archive:
    for item in archive.infolist():
        name = item.filename
        if name in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'):
            target = os.path.join(folder, 'lib', os.path.basename(name))
        elif not name.endswith('/') and name.startswith(tuple('tensorflow/include/' + part for part in keep)):
            target = os.path.join(folder, 'include', *name.split('/')[2:])
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(item) as source, open(target, 'wb') as out:
            shutil.copyfileobj(source, out, 1 << 20)
for name in os.listdir(folder):
    path = os.path.join(folder, name)
    if name not in ('lib', 'include'):
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
`;

function unavailable(message: string): UnavailableError {
  return new UnavailableError(message, { code: 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE' });
}
