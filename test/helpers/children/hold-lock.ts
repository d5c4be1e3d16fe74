import { acquireLock } from '../../../src/pool/lock.js';

await acquireLock(process.argv[2] as string);
process.stdout.write('held\n');
setInterval(() => undefined, 1000);
