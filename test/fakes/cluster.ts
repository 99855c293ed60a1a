// Settings of a cluster for cases of rules.
export const server = (program: string, ...flags: readonly string[]): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${program}, namespace: kube-system}\nspec: {containers: [{name: c, image: "registry.k8s.io/${program}:v1.34.0", command: [${[program, ...flags].map((each) => JSON.stringify(each)).join(', ')}]}]}\n`;

/** Flags that leave nothing to say. */
export const GOOD_API = [
  '--authorization-mode=Node,RBAC',
  '--anonymous-auth=false',
  '--enable-admission-plugins=NodeRestriction',
  '--kubelet-certificate-authority=/ca.pem',
  '--client-ca-file=/ca.pem',
  '--etcd-servers=https://127.0.0.1:2379',
  '--etcd-cafile=/ca.pem',
  '--etcd-certfile=/c.pem',
  '--profiling=false',
  '--audit-log-path=/a.log',
  '--audit-policy-file=/p.yaml',
  '--encryption-provider-config=/e.yaml',
];

export const without = (name: string, ...more: readonly string[]): string =>
  server('kube-apiserver', ...GOOD_API.filter((flag) => !flag.startsWith(`--${name}=`)), ...more);
