// One thread of a scan: files in, what each says by itself out.
import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadSetting, ThreadTask } from './thread-work.ts';

const setting = workerData as ThreadSetting;
if (setting.codeFolder !== undefined) enableCompileCache(setting.codeFolder);
const { threadWork } = await import('./thread-work.ts');
const work = threadWork(setting);
parentPort?.on('message', (task: ThreadTask) => parentPort?.postMessage(work(task), []));
