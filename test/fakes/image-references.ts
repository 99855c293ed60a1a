// Workloads by the images they run, for cases of rules.
export const pod = (image: string, namespace = 'shop', name = 'cart', more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {containers: [{name: c, image: "${image}"${more}}]}\n---\n`;
