import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { config, ingress, NGINX, rules, TLS } from '../../../../test/fakes/tls.ts';
import { weakSettings } from './weak-settings.ts';

testRule(weakSettings, {
  fails: [
    ['no HSTS', config('hsts: "false"'), 'low'],
    ['TLS 1.0 at ingress-nginx', config('ssl-protocols: "TLSv1 TLSv1.2"'), 'medium'],
    [
      'TLS 1.1 in the file of an nginx',
      config('"nginx.conf": "server {\\n  ssl_protocols TLSv1.1 TLSv1.2;\\n}"', 'web'),
      'medium',
    ],
    ['RC4 by annotation', ingress(`${NGINX}/ssl-ciphers: "RC4-SHA"`, TLS + rules('a.example.com')), 'medium'],
    [
      'TLS 1.1 at Traefik',
      'apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: t}\nspec: {minVersion: VersionTLS11}\n',
      'medium',
    ],
    [
      'TLS 1.0 at Envoy Gateway',
      'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: t}\nspec: {tls: {minVersion: "1.0"}}\n',
      'medium',
    ],
  ],
  passes: [
    ['TLS 1.2 and 1.3 at ingress-nginx', config('ssl-protocols: "TLSv1.2 TLSv1.3"')],
    [
      'an nginx of today',
      config('"nginx.conf": "server {\\n  ssl_protocols TLSv1.2 TLSv1.3;\\n  ssl_ciphers HIGH:!aNULL:!MD5;\\n}"', 'web'),
    ],
    [
      'TLS 1.2 at Traefik',
      'apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: t}\nspec: {minVersion: VersionTLS12}\n',
    ],
  ],
});
