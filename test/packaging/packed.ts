import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, runProcess, type Outcome } from '../../src/tensorflow/process.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** An environment in which nothing of the running test or of npm leaks into a package that is tried out. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|QUERENT_|NODE_OPTIONS$|AVA_)/i.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

export async function must(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const outcome = await runProcess(command, args, { cwd, env: cleanEnvironment() });
  if (outcome.code === 0) return outcome;
  throw new Error(`${command} ${args.join(' ')} failed:\n${lastLines(outcome.stdout + outcome.stderr, 40)}`);
}

export interface PackedPackage {
  readonly tarball: string;
  /** Paths inside the package. */
  readonly files: readonly string[];
  /** An otherwise empty project that has installed the tarball, without running any script. */
  readonly project: string;
  remove(): Promise<void>;
}

/** `npm run prebuild`, `npm pack`, and `npm install --ignore-scripts` of the tarball in an empty folder. */
export async function packAndInstall(): Promise<PackedPackage> {
  await must(process.execPath, ['scripts/build-ts.mjs'], ROOT);
  await must(process.execPath, ['scripts/prebuild.mjs'], ROOT);
  const folder = await mkdtemp(join(tmpdir(), 'querent-packed-'));
  const { stdout } = await must('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder], ROOT);
  const answer = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  const [packed] = Array.isArray(answer) ? answer : Object.values(answer as Record<string, (typeof answer)[number]>);
  if (packed === undefined) throw new Error(`npm pack gave no tarball: ${stdout}`);
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "private": true }\n');
  const tarball = join(folder, packed.filename);
  const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await must('npm', ['install', ...quietly, tarball], project);
  return {
    tarball,
    files: packed.files.map(({ path }) => path),
    project,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The one prebuild for this platform. */
export async function prebuildPath(root: string): Promise<string> {
  const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  const names = await readdir(folder);
  if (names.length !== 1) throw new Error(`${folder} should hold one file, it holds ${names.join(', ') || 'none'}`);
  return join(folder, names[0] ?? '');
}

export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}
