import { docker, from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { ROOT_USER } from './root-user.ts';

const deployment = (context: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers: [{name: cart, image: 'registry.test/shop/cart:1.2.3'${context}}]
`;

testRule(ROOT_USER, {
  fails: [
    ['no user', from('CMD ["a"]'), 'medium'],
    ['root at the end', from('USER app', 'USER root'), 'medium'],
    ['number zero with a group', from('USER 0:0'), 'medium'],
    [
      'user of another stage does not count',
      docker('FROM node:24 AS b', 'USER app', 'FROM alpine:3.22', 'COPY --from=b /a /a'),
      'medium',
    ],
    ['the workload sets none', { 'src/cart/Dockerfile': 'FROM node:24', 'k.yaml': deployment('') }, 'medium'],
  ],
  passes: [
    ['user at the end', from('USER root', 'RUN a', 'USER 10001')],
    ['user of the stage that it continues', docker('FROM node:24 AS base', 'USER app', 'FROM base', 'CMD ["a"]')],
    ['base that sets one', docker('FROM gcr.io/distroless/static:nonroot')],
    [
      'the workload sets one',
      { 'src/cart/Dockerfile': 'FROM node:24', 'k.yaml': deployment(', securityContext: {runAsNonRoot: true}') },
    ],
  ],
});
