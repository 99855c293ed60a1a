// Dockerfiles: what a build takes in, what stays in the image, and as whom it runs.
import type { SystemRule } from '../rule.ts';
import { END_OF_LIFE, LATEST, NO_DIGEST } from './dockerfile/base-image.ts';
import { ADD_URL, PIPE_TO_SHELL, PLAIN_DOWNLOAD, VERIFICATION_OFF } from './dockerfile/downloads.ts';
import { APT, NO_HEALTHCHECK, PRIVILEGED_RUN, SHELL_FORM, SSH_PORT, UNPINNED } from './dockerfile/hygiene.ts';
import { BUILD_ARGUMENT, COPIED_SECRET, COPY_ALL, SECRET_IN_IMAGE } from './dockerfile/secrets.ts';
import { OPEN_MODE, ROOT_USER, SETUID, SUDO } from './dockerfile/user.ts';

export const DOCKERFILE_RULES: readonly SystemRule[] = [
  ROOT_USER,
  SECRET_IN_IMAGE,
  BUILD_ARGUMENT,
  COPIED_SECRET,
  COPY_ALL,
  LATEST,
  NO_DIGEST,
  END_OF_LIFE,
  ADD_URL,
  PIPE_TO_SHELL,
  PLAIN_DOWNLOAD,
  VERIFICATION_OFF,
  SETUID,
  OPEN_MODE,
  SUDO,
  PRIVILEGED_RUN,
  SSH_PORT,
  SHELL_FORM,
  APT,
  UNPINNED,
  NO_HEALTHCHECK,
];
