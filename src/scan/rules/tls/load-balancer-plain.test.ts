import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { app } from '../../../../test/fakes/tls.ts';
import { loadBalancer } from './load-balancer-plain.ts';

testRule(loadBalancer, {
  fails: [
    ['plain', app('', 'port: 80', 'LoadBalancer'), 'medium'],
    [
      'a certificate for another port',
      app(
        ', annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: "arn:x", service.beta.kubernetes.io/aws-load-balancer-ssl-ports: "443"}',
        'port: 80',
        'LoadBalancer',
      ),
      'medium',
    ],
  ],
  passes: [
    ['inside the cluster', app('', 'port: 80', 'ClusterIP')],
    [
      'an internal one',
      app(', annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internal}', 'port: 80', 'LoadBalancer'),
    ],
    [
      'a certificate for every port',
      app(', annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: "arn:x"}', 'port: 80', 'LoadBalancer'),
    ],
  ],
});
