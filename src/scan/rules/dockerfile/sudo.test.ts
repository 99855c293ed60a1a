import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SUDO } from './sudo.ts';

testRule(SUDO, {
  fails: [
    ['called', from('RUN sudo apt-get update'), 'low'],
    ['installed', from('RUN apt-get install -y sudo'), 'low'],
  ],
  passes: [
    ['named', from('RUN echo sudo')],
    ['of another package', from('RUN apt-get install -y pseudo')],
  ],
});
