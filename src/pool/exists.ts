import { access } from 'node:fs/promises';

/** True where there is a file or folder of this name that this process can see. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
