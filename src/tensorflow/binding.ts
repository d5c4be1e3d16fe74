import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UnavailableError } from '../errors.js';
import { removeLeftovers, replaceFolder } from '../cache.js';
import type { Library } from './library.js';
import { findPackage, type PackagePlace } from './packages.js';
import { lastLines, runProcess } from './process.js';

/**
 * Build tfjs-node's binding against a library, inside the package's own folder, where its loader looks:
 * lib/napi-v8/tfjs_binding.node, with the libraries linked (not copied: 850 MB) into deps/lib.
 * One compiler call does it; node-gyp and its download of headers are not needed.
 */
export async function buildBinding(tfjsNode: PackagePlace, library: Library, signal?: AbortSignal): Promise<void> {
  const headers = nodeApiHeaders();
  const compiler = await findCompiler(signal);
  await linkLibrary(tfjsNode.folder, library);
  const output = join(tfjsNode.folder, 'lib', 'napi-v8', 'tfjs_binding.node');
  const temporary = `${output}.${process.pid}.tmp`;
  await mkdir(dirname(output), { recursive: true });
  await removeLeftovers(output);
  const args = [
    ...['-std=gnu++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...['-I', headers, '-I', 'deps/include', '-I', '.', 'binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'],
    ...['-L', 'deps/lib', '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ...['-o', temporary],
  ];
  try {
    const { code, stderr } = await runProcess(compiler, args, { cwd: tfjsNode.folder, signal });
    if (code !== 0) throw unavailable(`tfjs-node's binding did not compile (${compiler}):\n${lastLines(stderr, 20)}`);
    await rename(temporary, output);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** deps/lib holds each library under its own name, which the loader asks for, and under the name that the linker looks for. */
async function linkLibrary(folder: string, library: Library): Promise<void> {
  await removeLeftovers(join(folder, 'deps'));
  const fresh = join(folder, `deps.${process.pid}.tmp`);
  await mkdir(join(fresh, 'lib'), { recursive: true });
  await symlink(library.include, join(fresh, 'include'));
  for (const [target, plain] of [
    [library.core, 'libtensorflow.so'],
    [library.framework, 'libtensorflow_framework.so'],
  ] as const) {
    await symlink(target, join(fresh, 'lib', basename(target)));
    await symlink(basename(target), join(fresh, 'lib', plain));
  }
  await replaceFolder(fresh, join(folder, 'deps'));
}

/** npm's copy of the Node-API headers, a dependency of ours; else those that came with this Node. */
function nodeApiHeaders(): string {
  const places = [
    join(findPackage('node-api-headers')?.folder ?? '', 'include'),
    join(dirname(process.execPath), '..', 'include', 'node'),
  ];
  const found = places.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (found === undefined) throw unavailable('the package node-api-headers is needed: npm install node-api-headers');
  return found;
}

async function findCompiler(signal?: AbortSignal): Promise<string> {
  const wanted = process.env.CXX;
  for (const candidate of wanted ? [wanted] : ['c++', 'g++', 'clang++']) {
    if ((await runProcess(candidate, ['--version'], { signal })).code === 0) return candidate;
  }
  throw unavailable(
    `${wanted ? `CXX names ${wanted}, which does not run` : 'a C++ compiler is needed'}. Install one with "apt-get install g++", "dnf install gcc-c++" or "xcode-select --install"`,
  );
}

function unavailable(message: string): UnavailableError {
  return new UnavailableError(message, { code: 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE' });
}
