#!/usr/bin/env node
import { fileURLToPath } from 'node:url';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write('cullis: this needs Node 24 or newer; `npm run cullis -- …` brings its own\n');
  process.exit(2);
}
const { enableCompileCache } = await import('node:module');
// In the package's own folder: the default, a folder in /tmp, may be written to by others.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/cullis-code', import.meta.url)));
await import('../src/main.ts');
