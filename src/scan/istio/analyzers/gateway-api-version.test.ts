import { object, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { CRD_VERSION_ANALYZER } from './gateway-api-version.ts';

const definition = (kind: string, version: string): string =>
  object(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    `name: ${kind}.gateway.networking.k8s.io, annotations: { gateway.networking.k8s.io/bundle-version: ${version} }`,
  );

testAnalyzer(CRD_VERSION_ANALYZER, {
  fails: [['older than Istio needs', [definition('grpcroutes', 'v1.0.0')], 'GatewayAPICRDVersionBelowMinimum']],
  passes: [
    ['the oldest that Istio takes', [definition('grpcroutes', 'v1.1.0')]],
    ['a newer one', [definition('grpcroutes', 'v1.10.0')]],
    ['a kind that was always taken', [definition('httproutes', 'v1.0.0')]],
    ['a version that nobody wrote', [definition('grpcroutes', 'dev')]],
  ],
});
