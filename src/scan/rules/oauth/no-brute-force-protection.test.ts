import { realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_BRUTE_FORCE } from './no-brute-force-protection.ts';

testRule(NO_BRUTE_FORCE, {
  fails: [['off', realm({}, { bruteForceProtected: false }), 'medium']],
  passes: [
    ['on', realm({}, { bruteForceProtected: true })],
    ['not said', realm()],
  ],
});
