import { envoy, GOOD, istio } from '../../../../test/fakes/jwt-verifiers.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { jwtInUrl } from './jwt-in-url.ts';

testRule(jwtInUrl, {
  fails: [
    ['a parameter', istio(`{ ${GOOD}, fromParams: [token] }`), 'medium'],
    ['Envoy Gateway', envoy('{ name: a, issuer: i, audiences: [a], extractFrom: { params: [t] } }'), 'medium'],
  ],
  passes: [
    ['a header', istio(`{ ${GOOD}, fromHeaders: [{ name: x-token }] }`)],
    ['a cookie', istio(`{ ${GOOD}, fromCookies: [session] }`)],
  ],
});
