// Values that everybody may know, since vendors print them in documentation, emulators and sample projects. Only digests stand here:
// the first 24 hex digits of SHA-256, so that no scanner finds this file.

/** Digests, each group with its source. */
export const PUBLIC_VALUES: ReadonlySet<string> = new Set([
  // Google API keys of Firebase's sample applications (list after gitleaks, MIT, Copyright (c) 2019 Zachary Rice)
  'f56e323494a6ffc2064e7a95',
  '2037abcaffb2b77785da716c',
  '3f370c9dd8225c63b5c77de1',
  'e4a5542bb7fd7b67e943c71a',
  'a19f89ab3555eac10c40741f',
  '0b476bdf9acf2123d547b5ae',
  'eb540d2b6ee2a0a47c5779bc',
  '37f8f09bdf12c2f2eae4ead7',
  '8731261cb72d86267a32a532',
  '49f777db995e8260da7ca9ff',
  '27a9a42931dff7eb2f8434e2',
  'dc0fcf046c61640cbd1e8b99',
  '4c98242dcadc8b29005c6b4a',
  'ea9bb1082cf95663f5faca23',
  '3a8b61d0f636b007840c0d40',
  'a6c814bc555ae62c7bd8b58e',
  // NuGet's documentation of credentials in nuget.config
  'dba72c00f41f4e4c435e2491',
  'a0702bc91d699f600970f4dc',
  // AWS's documentation of access keys
  '1a5d44a2dca19669d72edf4c',
  '78314b11be2e581549ac1c4f',
  'c6ea27c534f993d31f0aef88',
  'e21b597ba6b9cafa59d9ebc4',
  // Azure Storage and Cosmos DB emulators: one well-known account key each
  '0011cc25eb4320717494d270',
  'aa6547439583c3a275d4542a',
  // Stripe's documentation
  '2cafc0970149a84f3b9e62ea',
  'f2d6ca16515033e5dce14eba',
  '7e8de44ea9ecf6d53415c90f',
  // jwt.io's and RFC 7519's tokens
  '7f75367e7881255134e1375e',
  'da816f9f2c16e6c5390e7636',
]);
