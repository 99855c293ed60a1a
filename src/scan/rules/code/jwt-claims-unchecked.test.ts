import { findingsInCode, go, GO_GOOD, GO_KEY, java, javascript, JS_GOOD, python } from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { CLAIMS_UNCHECKED } from './jwt-claims-unchecked.ts';

testRuleBy(CLAIMS_UNCHECKED, findingsInCode, {
  fails: [
    ['neither', javascript('jwt.verify(t, key);'), 'medium'],
    ['the issuer is only logged', javascript("const p = jwt.verify(t, key, { audience: 'a' }); log(p.iss);"), 'medium'],
    ['Python', python("jwt.decode(t, key, algorithms=['RS256'])"), 'medium'],
    ['Go, no audience', go(`jwt.ParseWithClaims(t, &c, ${GO_KEY}, jwt.WithIssuer("i"))`), 'medium'],
    ['Java', java('return Jwts.parser().verifyWith(key).build().parseSignedClaims(t);'), 'medium'],
  ],
  passes: [
    ['both by options', javascript(`jwt.verify(t, key, { ${JS_GOOD} });`)],
    [
      'the issuer is compared afterwards',
      javascript("const p = jwt.verify(t, key, { audience: 'a' });\nif (p.iss !== 'https://i') throw new Error('no');"),
    ],
    ['options from elsewhere', javascript('jwt.verify(t, key, options);')],
    [
      'Python, compared afterwards',
      python("p = jwt.decode(t, key, algorithms=['RS256'], audience='a')\nif p[\"iss\"] != ISSUER:\n  raise E"),
    ],
    ['Go', go(`jwt.Parse(t, ${GO_KEY}, ${GO_GOOD})`)],
    ['Java', java('return Jwts.parser().verifyWith(key).requireIssuer("i").requireAudience("a").build().parseSignedClaims(t);')],
  ],
});
