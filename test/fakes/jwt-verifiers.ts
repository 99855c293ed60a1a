// What checks tokens, for cases of rules.
export const istio = (rule: string): string =>
  `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: { name: users, namespace: shop }\nspec: { jwtRules: [${rule}] }\n`;

export const kong = (config: string, plugin = 'jwt'): string =>
  `apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: { name: users, namespace: shop }\nplugin: ${plugin}\nconfig: ${config}\n`;

export const emissary = (jwt: string): string =>
  `apiVersion: getambassador.io/v3alpha1\nkind: Filter\nmetadata: { name: users, namespace: shop }\nspec: { JWT: ${jwt} }\n`;

export const envoy = (provider: string): string =>
  `apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: { name: users, namespace: shop }\nspec: { jwt: { providers: [${provider}] } }\n`;

export const GOOD = 'issuer: "https://login.example.com/", audiences: [shop], jwksUri: "https://login.example.com/keys"';
