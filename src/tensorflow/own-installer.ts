import { delimiter, join } from 'node:path';
import type { PackagePlace } from './packages.js';
import { lastLines, runProcess } from './process.js';

/** Without an answer in this time the host counts as out of reach; where it is blocked it usually just stays silent. */
const PATIENCE_MS = 3_000;
/** The download is about 100 MB and may be followed by a build. */
const INSTALL_LIMIT_MS = 600_000;

/** Does the host that tfjs-node downloads its library from answer? */
export async function downloadIsReachable({ require }: PackagePlace, signal?: AbortSignal): Promise<boolean> {
  const { binary } = require('./package.json') as { binary?: { host?: string } };
  const host = process.env.TFJS_NODE_CDN_STORAGE ?? process.env.CDN_STORAGE ?? binary?.host;
  if (host === undefined) return false;
  const limit = AbortSignal.timeout(PATIENCE_MS);
  try {
    const answer = await fetch(host, { method: 'HEAD', signal: signal ? AbortSignal.any([signal, limit]) : limit });
    return answer.status < 500;
  } catch {
    signal?.throwIfAborted();
    return false; // no such host, refused, silent: all mean "not from here"
  }
}

/**
 * Run the install script that npm left out.
 *
 * @returns Why it failed, or undefined.
 */
export async function runOwnInstaller({ folder }: PackagePlace, signal?: AbortSignal): Promise<string | undefined> {
  const bins = [join(folder, 'node_modules', '.bin'), join(folder, '..', '..', '.bin'), process.env.PATH ?? ''];
  const { code, stdout, stderr } = await runProcess(process.execPath, ['scripts/install.js'], {
    cwd: folder,
    env: { ...process.env, PATH: bins.join(delimiter) }, // it calls node-pre-gyp by name
    timeout: INSTALL_LIMIT_MS,
    signal,
  });
  return code === 0 ? undefined : lastLines(stderr || stdout, 2);
}
