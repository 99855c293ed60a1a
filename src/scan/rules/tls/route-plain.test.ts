import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { routePlain } from './route-plain.ts';

testRule(routePlain, {
  fails: [
    [
      'Traefik on the plain entry point',
      'apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {entryPoints: [web], routes: [{match: "Host(`a`)", kind: Rule}]}\n',
      'medium',
    ],
    [
      'Contour without TLS',
      'apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: r}\nspec: {virtualhost: {fqdn: a.example.com}}\n',
      'medium',
    ],
    [
      'Contour that permits both',
      'apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: r}\nspec: {virtualhost: {fqdn: a.example.com, tls: {secretName: t}}, routes: [{permitInsecure: true}]}\n',
      'medium',
    ],
    [
      'OpenShift without TLS',
      'apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {host: a.example.com}\n',
      'medium',
    ],
  ],
  passes: [
    [
      'Traefik with TLS',
      'apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {entryPoints: [websecure], tls: {}, routes: []}\n',
    ],
    [
      'Traefik, redirected',
      'apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {entryPoints: [web], routes: [{middlewares: [{name: m}]}]}\n---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\nspec: {redirectScheme: {scheme: https}}\n',
    ],
    [
      'Contour with TLS',
      'apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: r}\nspec: {virtualhost: {fqdn: a.example.com, tls: {secretName: t}}}\n',
    ],
    [
      'OpenShift, redirected',
      'apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}}\n',
    ],
  ],
});
