import { OID } from '#pki/oids.ts';
import { certificateFindingsOf, dns, good, leaf, ROOT } from '../../../../test/fakes/certificate-files.ts';
import { EXT } from '../../../../test/fakes/certificates.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { AUTHORITY_AS_SERVER } from './authority-as-server.ts';

testRuleBy(AUTHORITY_AS_SERVER, certificateFindingsOf, {
  fails: [
    [
      'an authority that serves',
      { 'a.pem': leaf({ extensions: [EXT.ca(), EXT.eku(OID.serverAuth), dns('cart.shop.svc')] }).pem },
      'medium',
    ],
  ],
  passes: [
    ['an authority', { 'a.pem': ROOT.pem }],
    ['a server', { 'tls.crt': good.pem }],
  ],
});
