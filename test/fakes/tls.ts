// Ways in from outside, and connections, for cases of rules over encryption.
export const ingress = (annotations: string, spec: string, name = 'web'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ${name}, annotations: {${annotations}}}\nspec: {ingressClassName: nginx, ${spec}}\n---\n`;

export const rules = (...hosts: readonly string[]): string =>
  `rules: [${hosts.map((host) => `{host: ${host}, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}`).join(', ')}]`;

export const TLS = 'tls: [{hosts: [a.example.com], secretName: t}], ';

export const NGINX = 'nginx.ingress.kubernetes.io';

export const app = (more = '', port = 'port: 80, targetPort: 8080', type = 'ClusterIP', name = 'web'): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}${more}}\nspec: {type: ${type}, selector: {app: web}, ports: [{name: http, ${port}}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n---\n`;

export const config = (data: string, name = 'ingress-nginx-controller'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {${data}}\n---\n`;

export const env = (name: string, value: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p}}\nspec: {containers: [{name: c, image: "c:1.0.0", env: [{name: ${name}, value: "${value}"}]}]}\n---\n`;

export const gateway = (listeners: string, className = 'envoy'): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {gatewayClassName: ${className}, listeners: [${listeners}]}\n---\n`;

export const HTTPS = '{name: https, port: 443, protocol: HTTPS, tls: {mode: Terminate, certificateRefs: [{name: t}]}}';

export const route = (section: string, rule: string, name = 'r'): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ${name}}\nspec: {parentRefs: [{name: edge, sectionName: ${section}}], rules: [${rule}]}\n---\n`;

export const BACKEND = '{backendRefs: [{name: web, port: 80}]}';
