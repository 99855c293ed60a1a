import { metadata, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_ISSUER_IN_RESPONSE } from './no-issuer-in-response.ts';

testRule(NO_ISSUER_IN_RESPONSE, {
  fails: [
    ['absent', metadata({ authorization_response_iss_parameter_supported: undefined }), 'low'],
    ['said not to', metadata({ authorization_response_iss_parameter_supported: false }), 'low'],
  ],
  passes: [
    ['sent', metadata()],
    ['a realm of Keycloak, which sends it', realm()],
  ],
});
