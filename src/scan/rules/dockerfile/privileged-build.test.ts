import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PRIVILEGED_RUN } from './privileged-build.ts';

testRule(PRIVILEGED_RUN, {
  fails: [
    ['insecure', from('RUN --security=insecure x'), 'medium'],
    ['network of the host', from('RUN --network=host npm ci'), 'low'],
  ],
  passes: [
    ['mounts', from('RUN --mount=type=cache,target=/a x')],
    ['no network', from('RUN --network=none make')],
    ['kept in its sandbox', from('RUN --security=sandbox make')],
  ],
});
