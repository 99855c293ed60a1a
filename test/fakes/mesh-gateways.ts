// Gateways of Istio for cases of rules.
export function gateway(
  tls: string,
  { hosts = '[shop.example.com]', protocol = 'HTTPS', port = 443, labels = 'ingressgateway' } = {},
): string {
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ${labels} }
  servers: [{ port: { number: ${port}, name: p, protocol: ${protocol} }, hosts: ${hosts}${tls === '' ? '' : `, tls: ${tls}`} }]
`;
}
