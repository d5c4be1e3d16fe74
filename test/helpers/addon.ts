import test, { type ExecutionContext } from 'ava';
import { runtimeInfo } from '../../src/index.js';

/** Null, or why no test of the compiled addon can run here. */
export function addonMissing(): string | null {
  const { addon, addonMissing: missing } = runtimeInfo();
  if (addon) return null;
  return missing?.why ?? 'the reference was chosen by the environment';
}

/**
 * A test that needs the compiled addon. Without one it is skipped, and the reason is logged; with QUERENT_REQUIRE_ADDON=1
 * it fails instead, so that a build that went missing cannot pass unseen. Serial: levels are a setting of the process.
 */
export function addonTest(title: string, body: (t: ExecutionContext) => void | Promise<void>): void {
  test.serial(title, async (t) => {
    const missing = addonMissing();
    if (missing === null) {
      await body(t);
    } else if (process.env.QUERENT_REQUIRE_ADDON === '1') {
      t.fail(`QUERENT_REQUIRE_ADDON is set, and there is no addon: ${missing}`);
    } else {
      t.log(`skipped: ${missing}`);
      t.pass();
    }
  });
}
