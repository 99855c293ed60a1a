import {
  findingsInCode,
  go,
  GO_GOOD,
  GO_KEY,
  java,
  javascript,
  JS_GOOD,
  python,
  PYTHON_GOOD,
} from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { EXPIRY_IGNORED } from './jwt-expiry-ignored.ts';

testRuleBy(EXPIRY_IGNORED, findingsInCode, {
  fails: [
    ['JavaScript', javascript(`jwt.verify(t, key, { ${JS_GOOD}, ignoreExpiration: true });`), 'high'],
    ['options made before', javascript(`const o = { ${JS_GOOD} };\no.ignoreExpiration = true;\njwt.verify(t, key, o);`), 'high'],
    ['Python', python(`jwt.decode(t, key, ${PYTHON_GOOD}, options={"verify_exp": False})`), 'high'],
    ['Go', go(`jwt.Parse(t, ${GO_KEY}, ${GO_GOOD}, jwt.WithoutClaimsValidation())`), 'high'],
    ['Java, by what is caught', java('try { return f(); } catch (ExpiredJwtException e) { return e.getClaims(); }'), 'medium'],
    ['in a test', ['test/a.test.js', javascript(`jwt.verify(t, key, { ${JS_GOOD}, ignoreExpiration: true });`)[1]], 'low'],
  ],
  passes: [
    ['JavaScript, said to be checked', javascript(`jwt.verify(t, key, { ${JS_GOOD}, ignoreExpiration: false });`)],
    [
      'in a comment and a text',
      javascript(`// ignoreExpiration: true\njwt.verify(t, key, { ${JS_GOOD} }); const s = '{ignoreExpiration: true}';`),
    ],
    ['a function of the same name', ['other.js', 'verify(t, key, { ignoreExpiration: true });']],
    ['Python', python(`jwt.decode(t, key, ${PYTHON_GOOD}, options={"verify_exp": True})`)],
    ['Go', go(`jwt.Parse(t, ${GO_KEY}, ${GO_GOOD})`)],
    ['Java, caught and refused', java('try { return f(); } catch (ExpiredJwtException e) { throw new Denied(e); }')],
  ],
});
