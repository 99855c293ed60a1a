import { readUnits } from '#ingest/units.ts';
const k = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n  selector: {matchLabels: {app: cart}}\n  template:\n    metadata: {labels: {app: cart}}\n    spec: {containers: [{name: a, image: "r.io/cart:1"}]}\n';
const r = readUnits([
 { file: 'k8s/cart.yaml', text: k },
 { file: 'src/cart/Dockerfile', text: 'FROM node:16\nCOPY . .\n' },
 { file: 'src/cart/.dockerignore', text: '.git\n' },
 { file: 'api/cart.yaml', text: 'openapi: 3.0.0\ninfo: {title: cart, version: "1"}\npaths: {}\n' },
 { file: 'auth/realm.json', text: '{"realm": "r", "clients": [{"clientId": "a", "implicitFlowEnabled": true}]}' },
 { file: 'src/main/resources/application.yml', text: 'spring: {security: {oauth2: {resourceserver: {opaquetoken: {introspection-uri: x}}}}}' },
 { file: 'application.properties', text: 'a.b=1' },
 { file: 'package.json', text: '{"name": "x"}' }, { file: 'a.ts', text: 'x' },
]);
for (const u of r.units) console.log(JSON.stringify({ ...u, system: undefined, ...(u.system && { apis: u.system.apis.map((a) => [a.file, a.workloads]), builds: u.system.builds.map((b) => [b.file, b.workloads, b.ignoreFile]), clients: u.system.oauthClients.length, kinds: u.system.resources.map((x) => x.kind) }) }).slice(0, 900));
console.log(JSON.stringify(r.notAnalysed));
