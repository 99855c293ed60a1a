import {
  findingsInCode,
  go,
  GO_GOOD,
  GO_KEY,
  javascript,
  JS_GOOD,
  python,
  PYTHON_GOOD,
} from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { ALGORITHM } from './jwt-algorithm.ts';

const AUTH0 = 'import com.auth0.jwt.JWT;\nimport com.auth0.jwt.algorithms.Algorithm;\nclass A { void f(String t) {\n';

testRuleBy(ALGORITHM, findingsInCode, {
  fails: [
    ['none beside RS256', javascript("jwt.verify(t, key, { algorithms: ['none', 'RS256'], issuer, audience });"), 'critical'],
    [
      'a shared secret beside a key pair',
      javascript("jwt.verify(t, key, { algorithms: ['HS256', 'RS256'], issuer, audience });"),
      'high',
    ],
    ['Python, left to the token', python("jwt.decode(t, key, audience='a', issuer='i')"), 'medium'],
    [
      'Go, left to the token',
      go('jwt.Parse(t, func(t *jwt.Token) (any, error) { return key, nil }, jwt.WithIssuer("i"), jwt.WithAudience("a"))'),
      'medium',
    ],
    [
      'Java',
      ['A.java', `${AUTH0}JWT.require(Algorithm.none()).withIssuer("i").withAudience("a").build().verify(t); }}`],
      'critical',
    ],
  ],
  passes: [
    ['one named', javascript(`jwt.verify(t, key, { ${JS_GOOD} });`)],
    ['Python', python(`jwt.decode(t, key, ${PYTHON_GOOD})`)],
    ['Go, by the list', go(`jwt.Parse(t, func(t *jwt.Token) (any, error) { return key, nil }, ${GO_GOOD})`)],
    ['Go, by the function that gives the key', go(`jwt.Parse(t, ${GO_KEY}, jwt.WithIssuer("i"), jwt.WithAudience("a"))`)],
    ['Java', ['A.java', `${AUTH0}JWT.require(Algorithm.RSA256(k)).withIssuer("i").withAudience("a").build().verify(t); }}`]],
  ],
});
