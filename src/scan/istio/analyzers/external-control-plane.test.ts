import { object, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { EXTERNAL_CONTROL_PLANE_ANALYZER } from './external-control-plane.ts';

const webhook = (client: string, name = 'istio-validator-istio-system'): string =>
  object(
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    `name: ${name}`,
    `webhooks: [{ name: rev.validation.istio.io, clientConfig: ${client} }]`,
  );

testAnalyzer(EXTERNAL_CONTROL_PLANE_ANALYZER, {
  fails: [
    ['no address', [webhook('{}')], 'InvalidExternalControlPlaneConfig'],
    ['no URL', [webhook('{ url: istiod }')], 'InvalidExternalControlPlaneConfig'],
    ['a number', [webhook('{ url: "https://203.0.113.9:15017/validate" }')], 'ExternalControlPlaneAddressIsNotAHostname'],
  ],
  passes: [
    ['a host', [webhook('{ url: "https://istiod.example.com:15017/validate" }')]],
    ['in the cluster', [webhook('{ service: { name: istiod, namespace: istio-system } }')]],
    ['of somebody else', [webhook('{}', 'policy-webhook')]],
  ],
});
