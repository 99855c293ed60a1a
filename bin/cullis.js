#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// In the package's own folder: the default, a folder in /tmp, may be written to by others.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/cullis-code', import.meta.url)));
await import('../src/main.ts');
