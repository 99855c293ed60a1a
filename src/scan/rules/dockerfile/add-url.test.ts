import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { ADD_URL } from './add-url.ts';

testRule(ADD_URL, {
  fails: [
    ['plain', from('ADD https://x.test/a.tar /a'), 'medium'],
    ['http', from('ADD http://x.test/a.tar /a'), 'high'],
  ],
  passes: [
    ['checksum', from('ADD --checksum=sha256:aa https://x.test/a.tar /a')],
    ['local archive', from('ADD a.tar.gz /a')],
  ],
});
