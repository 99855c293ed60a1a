import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { VERIFICATION_OFF } from './verification-off.ts';

testRule(VERIFICATION_OFF, {
  fails: [
    ['curl -k', from('RUN curl -fsSkL https://x.test/a'), 'medium'],
    ['for everything that runs', from('ENV NODE_TLS_REJECT_UNAUTHORIZED=0'), 'high'],
    [
      'wget, pip, npm, apt, git',
      from(
        'RUN wget --no-check-certificate https://x.test',
        'RUN pip install --trusted-host pypi.test a==1',
        'RUN npm config set strict-ssl false',
        'RUN apt-get install -y --allow-unauthenticated a',
        'RUN git -c http.sslVerify=false clone https://x.test',
      ),
      'medium',
      'medium',
      'medium',
      'medium',
      'medium',
    ],
  ],
  passes: [
    [
      'on',
      from('ENV NODE_TLS_REJECT_UNAUTHORIZED=1', 'RUN curl -fsSL -o /k https://x.test/-k', 'RUN npm config set strict-ssl true'),
    ],
    ['a key that is only named', from('RUN curl -fsSL -H "X-Key: -k" https://x.test/a')],
  ],
});
