// Runs for a moment in the services' network of a workload: binds what it is told and passes the handles to init.
import { type RawHandle, bindRaw, sendRaw } from './raw.ts';

async function answer({ key, ip, port }: { key: string; ip: string; port: number }): Promise<void> {
  let raw: RawHandle;
  try {
    raw = bindRaw(ip, port);
  } catch (error) {
    process.send?.({ key, code: (error as NodeJS.ErrnoException).code, text: (error as Error).message });
    return;
  }
  try {
    await sendRaw(process, { key }, raw);
  } finally {
    raw.close();
  }
}

process.on('message', (message: { key: string; ip: string; port: number }) => {
  answer(message).catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit(0));
