// What of host's log lines the command line shows; cli/ does not reach down to host/ itself.
export { prefixLine, type LogLine } from '#host/lines.ts';
