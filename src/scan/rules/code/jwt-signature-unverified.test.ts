import {
  findingsInCode,
  go,
  GO_GOOD,
  java,
  javascript,
  JS_GOOD,
  python,
  PYTHON_GOOD,
} from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SIGNATURE_UNVERIFIED } from './jwt-signature-unverified.ts';

const BEARER = "const t = req.headers.authorization.split(' ')[1];";

testRuleBy(SIGNATURE_UNVERIFIED, findingsInCode, {
  fails: [
    ['who calls is read from a token', javascript(`${BEARER} req.user = jwt.decode(t);`), 'high'],
    ['no key', javascript('jwt.verify(t, null, { issuer, audience });'), 'critical'],
    ['Python', python('jwt.decode(t, options={"verify_signature": False})'), 'high'],
    ['Go', go(`p := jwt.NewParser(${GO_GOOD}); p.ParseUnverified(t, c)`), 'high'],
    [
      'Java',
      java('return Jwts.parser().unsecured().requireIssuer("i").requireAudience("a").build().parseUnsecuredClaims(t);'),
      'critical',
    ],
  ],
  passes: [
    [
      'a peek at the key, then verified',
      javascript(`${BEARER} const h = jwt.decode(t, { complete: true }); jwt.verify(t, keyOf(h), { ${JS_GOOD} });`),
    ],
    [
      'a peek at the issuer, then verified',
      python(`iss = jwt.decode(t, options={"verify_signature": False})["iss"]\njwt.decode(t, keys[iss], ${PYTHON_GOOD})`),
    ],
    [
      'a page that shows a name',
      ['ui.tsx', "import jwtDecode from 'jwt-decode';\nexport const A = () => <p>{jwtDecode(localStorage.token).name}</p>;"],
    ],
    ['a method of the same name', ['a.py', "import json\njson.decode(t, options={'verify_signature': False})"]],
  ],
});
