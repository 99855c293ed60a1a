import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { env } from '../../../../test/fakes/tls.ts';
import { verificationOff } from './verification-off.ts';

testRule(verificationOff, {
  fails: [
    ['in Node', env('NODE_TLS_REJECT_UNAUTHORIZED', '0'), 'high'],
    ['a switch of its own', env('APP_TLS_SKIP_VERIFY', 'true'), 'medium'],
  ],
  passes: [
    ['on in Node', env('NODE_TLS_REJECT_UNAUTHORIZED', '1')],
    ['off, said of the switch', env('APP_TLS_SKIP_VERIFY', 'false')],
  ],
});
