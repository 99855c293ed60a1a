import { findingsInCode } from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { INTROSPECTION } from './introspection-without-issuer.ts';

const ASK = 'const r = await client.introspect(token);\n';
const ASK_PYTHON = 'r = requests.post(introspection_url, data=d).json()\n';

testRuleBy(INTROSPECTION, findingsInCode, {
  fails: [
    ['active is enough', ['a.js', `${ASK}if (!r.active) throw new Error('no');`], 'medium'],
    ['an issuer is enough, whichever', ['a.js', `${ASK}if (!r.active || !r.iss) throw new Error('no');`], 'medium'],
    [
      'a foreign issuer is only logged',
      ['a.js', `${ASK}if (!r.active) throw new E(); if (r.iss !== ISSUER) log.warn('foreign');`],
      'medium',
    ],
    ['Python', ['a.py', `${ASK_PYTHON}if not r.get('active'):\n  raise E`], 'medium'],
  ],
  passes: [
    ['the issuer is compared', ['a.js', `${ASK}if (!r.active || r.iss !== ISSUER) throw new Error('no');`]],
    ['Python', ['a.py', `${ASK_PYTHON}if not r.get('active') or r.get('iss') != ISSUER:\n  raise E`]],
    ['another question', ['a.js', "const r = await client.userinfo(token);\nif (!r.active) throw new Error('no');"]],
  ],
});
