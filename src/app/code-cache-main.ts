// Run in the background by code-cache.ts: `node code-cache-main.ts ROOT`.
import { makePlaneCode } from './code-cache.ts';

makePlaneCode(process.argv[2]!);
