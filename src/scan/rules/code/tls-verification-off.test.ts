import { findingsInCode } from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { TLS_OFF } from './tls-verification-off.ts';

const manager = (body: string): string =>
  `class A implements X509TrustManager { public void checkServerTrusted(X509Certificate[] c, String a) throws E { ${body} } }`;

testRuleBy(TLS_OFF, findingsInCode, {
  fails: [
    ['of one call', ['a.js', 'https.request({ host, rejectUnauthorized: false });'], 'high'],
    ['of the whole process', ['a.js', "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';"], 'high'],
    ['Python', ['a.py', 'import requests\nrequests.get(u, verify=False)'], 'high'],
    ['Python, of a session', ['a.py', 'import requests\ns = requests.Session()\ns.verify = False'], 'high'],
    ['Go', ['a.go', 'package a\nvar c = &tls.Config{InsecureSkipVerify: true}'], 'high'],
    ['Java, an empty check', ['A.java', manager('')], 'high'],
  ],
  passes: [
    ['on', ['a.js', 'https.request({ host, rejectUnauthorized: true });']],
    [
      'the setting is refused',
      ['a.js', "if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') throw new Error('rejectUnauthorized: false');"],
    ],
    ['looked at afterwards', ['a.js', 'const s = tls.connect({ rejectUnauthorized: false }); if (!s.authorized) throw new E();']],
    ['Python, an authority of its own', ['a.py', "import requests\nrequests.get(u, verify='/ca.pem')"]],
    [
      'Go, a check of its own',
      ['a.go', 'package a\nvar c = &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: check}'],
    ],
    ['Java, a check that another one does', ['A.java', manager('inner.checkServerTrusted(c, a);')]],
  ],
});
