import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { BUILD_ARGUMENT } from './secret-build-argument.ts';

testRule(BUILD_ARGUMENT, {
  fails: [
    ['token', from('ARG NPM_TOKEN', 'RUN npm ci'), 'medium'],
    ['password', from('ARG DB_PASSWORD', 'RUN ./migrate'), 'medium'],
  ],
  passes: [
    ['mounted secret, ordinary argument', from('ARG VERSION', 'RUN --mount=type=secret,id=npm npm ci')],
    ['the file of one', from('ARG NPM_TOKEN_FILE', 'RUN npm ci')],
  ],
});
