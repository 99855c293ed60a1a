import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PLAIN_DOWNLOAD } from './http-download.ts';

testRule(PLAIN_DOWNLOAD, {
  fails: [['http', from('RUN curl -o a http://x.test/a'), 'medium']],
  passes: [
    ['checked', from('RUN curl -o a http://x.test/a && echo "aa a" | sha256sum -c')],
    ['https, or this machine', from('RUN curl -o a https://x.test/a', 'RUN curl http://localhost:8080/health')],
  ],
});
