import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The newest release of tfjs-node, and the one whose binding source this project knows how to build. */
export const TFJS_NODE_VERSION = '4.22.0';

export interface PackagePlace {
  /** Folder of the package. */
  readonly folder: string;
  readonly version: string;
  /** Requires as a file inside that package would, so that its own dependencies are found too. */
  readonly require: NodeJS.Require;
}

/**
 * Find an installed package without running any of it: first as querent sees it, then as the current folder does (a
 * querent that is installed elsewhere, `npx`, still finds the TensorFlow of the project it is used in).
 */
export function findPackage(
  name: string,
  from: readonly string[] = [import.meta.url, here()],
): PackagePlace | undefined {
  for (const origin of from) {
    const require = createRequire(origin);
    for (const root of require.resolve.paths(name) ?? []) {
      const manifest = join(root, name, 'package.json');
      if (existsSync(manifest)) return packageIn(dirname(manifest));
    }
  }
  return undefined;
}

/** The package whose package.json lies in `folder`. */
export function packageIn(folder: string): PackagePlace {
  const manifest = join(folder, 'package.json');
  const require = createRequire(manifest);
  return { folder, version: (require(manifest) as { version: string }).version, require };
}

function here(): string {
  return pathToFileURL(join(process.cwd(), 'package.json')).href;
}
