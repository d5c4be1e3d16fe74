import { activeAddon } from '../native.js';

/** What TensorFlow 2.21 writes to stderr while it is loaded, before it listens to TF_CPP_MIN_LOG_LEVEL. */
const NOISE = [
  /^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$/,
  /^I\d{4} .* oneDNN custom operations are on\./,
  /^I\d{4} .* This TensorFlow binary is optimized to use available CPU instructions/,
  /^To enable the following instructions: .* rebuild TensorFlow with the appropriate compiler flags\.$/,
];

/** The text without the lines that say nothing to the user. */
export function withoutNoise(text: string): string {
  return text
    .split('\n')
    .filter((line) => !NOISE.some((pattern) => pattern.test(line)))
    .join('\n');
}

/**
 * Run `work`, which loads TensorFlow, without its start-up lines on stderr. C++ writes them straight to file descriptor 2,
 * out of JavaScript's reach, so the addon holds that descriptor meanwhile; everything else that arrived is passed on, also
 * when the process is ended by a crash. Without the addon, or with a log level of the user's that asks for information,
 * nothing is held back.
 */
export function quietly<T>(work: () => T): T {
  const addon = activeAddon();
  if (Number(process.env.TF_CPP_MIN_LOG_LEVEL) < 1 || !addon?.holdStderr()) {
    return work();
  }
  try {
    return work();
  } finally {
    const kept = withoutNoise(addon.releaseStderr());
    if (kept !== '') process.stderr.write(kept);
  }
}
