import { namespace, networking, object, pod, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { PROXY_IMAGE_ANALYZER } from './proxy-image.ts';

const INJECTED = namespace('shop', 'istio-injection: enabled');
const INJECTOR = object(
  'v1',
  'ConfigMap',
  'name: istio-sidecar-injector, namespace: istio-system',
  `data: { values: '{"global":{"hub":"r.example.com","tag":"1.27.0","proxy":{"image":"proxyv2"}}}' }`,
);
const DISTROLESS = networking('ProxyConfig', 'all', '{ image: { imageType: distroless } }');
const proxy = (image: string, more = ''): string => pod('web', 'app: web', more, `name: istio-proxy, image: "${image}"`);

testAnalyzer(PROXY_IMAGE_ANALYZER, {
  fails: [
    ['the version before', [INJECTED, INJECTOR, proxy('r.example.com/proxyv2:1.26.0')], 'PodsIstioProxyImageMismatchInNamespace'],
    [
      'another kind of image',
      [INJECTED, INJECTOR, DISTROLESS, proxy('r.example.com/proxyv2:1.27.0')],
      'PodsIstioProxyImageMismatchInNamespace',
    ],
  ],
  passes: [
    ['the version of the injector', [INJECTED, INJECTOR, proxy('r.example.com/proxyv2:1.27.0')]],
    ['the kind that is chosen', [INJECTED, INJECTOR, DISTROLESS, proxy('r.example.com/proxyv2:1.27.0-distroless')]],
    [
      'the image that the pod names',
      [INJECTED, INJECTOR, proxy('mine:1', ', annotations: { sidecar.istio.io/proxyImage: "mine:1" }')],
    ],
    ['nothing says which', [INJECTED, proxy('r.example.com/proxyv2:1.26.0')]],
  ],
});
