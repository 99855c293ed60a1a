// Dockerfiles: what a build takes in, what stays in the image, and as whom it runs.
import type { SystemRule } from '../rule.ts';
import { END_OF_LIFE } from './dockerfile/end-of-life-base.ts';
import { LATEST } from './dockerfile/latest-tag.ts';
import { NO_DIGEST } from './dockerfile/no-digest.ts';
import { ADD_URL } from './dockerfile/add-url.ts';
import { PIPE_TO_SHELL } from './dockerfile/pipe-to-shell.ts';
import { PLAIN_DOWNLOAD } from './dockerfile/http-download.ts';
import { VERIFICATION_OFF } from './dockerfile/verification-off.ts';
import { APT } from './dockerfile/apt-leftovers.ts';
import { NO_HEALTHCHECK } from './dockerfile/no-healthcheck.ts';
import { PRIVILEGED_RUN } from './dockerfile/privileged-build.ts';
import { SHELL_FORM } from './dockerfile/shell-entrypoint.ts';
import { SSH_PORT } from './dockerfile/ssh-port.ts';
import { UNPINNED } from './dockerfile/unpinned-packages.ts';
import { BUILD_ARGUMENT } from './dockerfile/secret-build-argument.ts';
import { COPIED_SECRET } from './dockerfile/copied-secret.ts';
import { COPY_ALL } from './dockerfile/copy-everything.ts';
import { SECRET_IN_IMAGE } from './dockerfile/secret-in-image.ts';
import { OPEN_MODE } from './dockerfile/world-writable.ts';
import { ROOT_USER } from './dockerfile/root-user.ts';
import { SETUID } from './dockerfile/setuid.ts';
import { SUDO } from './dockerfile/sudo.ts';

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
