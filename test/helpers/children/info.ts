// Prints what runs, one score and every warning, as JSON: for the loader's tests.
import { runtimeInfo, score } from '../../../src/index.js';

const warnings: { code: string | undefined; message: string }[] = [];
process.on('warning', (warning: Error & { code?: string }) => {
  warnings.push({ code: warning.code, message: warning.message });
});
let outcome: string;
try {
  score([[0.5, 0.5]], { method: 'entropy' });
  outcome = String(score([[0.25, 0.75]], { method: 'margin' })[0]);
} catch (error) {
  outcome = String(error);
}
const { level, addon } = runtimeInfo();
setImmediate(() => console.log(JSON.stringify({ level, addon: addon !== null, outcome, warnings })));
