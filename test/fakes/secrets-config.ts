// Secrets in configuration, for cases of rules.
export const secret = (more: string, meta = ''): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop${meta}}\n${more}`;

export const DATA = 'data: {password: aHVudGVyMmh1bnRlcg==}\n';

export const KEY = '-----BEGIN RSA PRIVATE KEY-----\nxyz\n-----END RSA PRIVATE KEY-----\n';
