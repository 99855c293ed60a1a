import { guardProcess, runCli } from '#cli/main.ts';

guardProcess(process);
process.exitCode = await runCli(process);
