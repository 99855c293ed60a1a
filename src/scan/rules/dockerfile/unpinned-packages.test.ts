import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { UNPINNED } from './unpinned-packages.ts';

testRule(UNPINNED, {
  fails: [
    ['no versions', from('RUN pip install flask && apk add curl'), 'info'],
    ['npm, for everybody', from('RUN npm install -g typescript'), 'info'],
  ],
  passes: [
    [
      'versions and lock files',
      from('RUN pip install flask==3.0 && pip install -r requirements.txt && apk add curl=8.1 && npm ci'),
    ],
    ['npm with a version', from('RUN npm install -g typescript@7.0.2 @acme/cli@1.2.3')],
    ['files', from('RUN apt-get install -y ./tool.deb')],
  ],
});
