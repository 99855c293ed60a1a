// Roles and bindings for cases of rules.
export const API = 'apiVersion: rbac.authorization.k8s.io/v1\n';

export const role = (rules: string, more = ''): string =>
  `${API}kind: ClusterRole\nmetadata: {name: r${more}}\nrules: [${rules}]\n---\n`;

export const rule = (group: string, resources: string, verbs: string, more = ''): string =>
  `{apiGroups: ["${group}"], resources: [${resources}], verbs: [${verbs}]${more}}`;

export const ACCOUNT = '{kind: ServiceAccount, name: cart, namespace: shop}';

export const bind = (subjects = ACCOUNT, name = 'r'): string =>
  `${API}kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}\nsubjects: [${subjects}]\n---\n`;

export const bindIn = (subjects = ACCOUNT, name = 'r'): string =>
  `${API}kind: RoleBinding\nmetadata: {name: b, namespace: shop}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}\nsubjects: [${subjects}]\n---\n`;

export const pod = (more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: cart, namespace: shop}\nspec: {serviceAccountName: cart, ${more}containers: [{name: c, image: "c:1.0.0"}]}\n---\n`;

export const SECRETS = rule('', 'secrets', 'list');
