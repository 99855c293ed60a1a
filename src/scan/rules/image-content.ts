// Rules over an image: how it is configured, what is missing in it, which of its files give more rights.
import type { ImageReport } from '../image/inspect.ts';
import type { SubjectRule } from '../rule.ts';
import { IMAGE_ENV_SECRET } from './images/env-secret.ts';
import { IMAGE_HISTORY_SECRET } from './images/history-secret.ts';
import { IMAGE_MISSING_LIBRARY } from './images/missing-library.ts';
import { IMAGE_ROOT } from './images/root-user.ts';
import { IMAGE_SETUID } from './images/setuid.ts';
import { IMAGE_SSH } from './images/ssh.ts';

export const IMAGE_CONTENT_RULES: readonly SubjectRule<ImageReport>[] = [
  IMAGE_ROOT,
  IMAGE_ENV_SECRET,
  IMAGE_HISTORY_SECRET,
  IMAGE_MISSING_LIBRARY,
  IMAGE_SETUID,
  IMAGE_SSH,
];
