// Dockerfiles for cases of rules.
import type { Files } from './scan-files.ts';

export const docker = (...lines: readonly string[]): Files => ({ Dockerfile: lines.join('\n') });

export const DIGEST = `@sha256:${'a'.repeat(64)}`;

export const from = (...lines: readonly string[]): Files => docker('FROM node:24', ...lines);
