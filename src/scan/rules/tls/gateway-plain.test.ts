import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { app, BACKEND, gateway, HTTPS, route } from '../../../../test/fakes/tls.ts';
import { gatewayPlain } from './gateway-plain.ts';

const HTTP = '{name: http, port: 80, protocol: HTTP}';

const REDIRECT = '{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}';

testRule(gatewayPlain, {
  fails: [
    [
      'plain at Istio',
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}\n',
      'medium',
    ],
    ['a listener without routes', gateway(`${HTTPS}, ${HTTP}`), 'low'],
    ['a route in clear', gateway(HTTP) + route('http', BACKEND) + app(), 'medium'],
    [
      'one route redirects, one does not',
      gateway(`${HTTPS}, ${HTTP}`) + route('http', REDIRECT) + route('http', BACKEND, 'clear'),
      'medium',
    ],
  ],
  passes: [
    [
      'redirected at Istio',
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}]}\n',
    ],
    ['redirected by the Gateway API', gateway(`${HTTPS}, ${HTTP}`) + route('http', REDIRECT)],
    ['a waypoint of the mesh', gateway(HTTP, 'istio-waypoint') + route('http', BACKEND)],
  ],
});
