// Texts that are made to cost time: each shape repeated or nested up to a size, deterministic.

/** About `size` characters of one hostile shape. */
export type Shape = (size: number) => string;

function repeated(piece: string, before = '', after = ''): Shape {
  return (size) => before + piece.repeat(Math.max(1, Math.floor(size / piece.length))) + after;
}

/** `piece(i)` for i = 0, 1, … */
function counted(piece: (i: number) => string, before = '', after = ''): Shape {
  return (size) => {
    const parts = [before];
    let length = 0;
    for (let i = 0; length < size; i++) {
      const part = piece(i);
      parts.push(part);
      length += part.length;
    }
    parts.push(after);
    return parts.join('');
  };
}

/** Letters and digits that look random, the same every time. */
function noise(size: number, alphabet: string): string {
  let state = 12_345;
  let text = '';
  for (let i = 0; i < size; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    text += alphabet[Math.floor(state / 65_536) % alphabet.length]!;
  }
  return text;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const POD = 'apiVersion: v1\nkind: Pod\n';

export const SHAPES: Readonly<Record<string, Shape>> = {
  'one long line': repeated('a'),
  'one long line of spaces': repeated(' ', 'x'),
  'blank lines': repeated('\n'),
  'carriage returns': repeated('\r'),
  'short lines': repeated('a\n'),
  'opening brackets': repeated('['),
  'opening braces': repeated('{'),
  'opening parentheses': repeated('('),
  'brackets that close': (size) => '['.repeat(size / 2) + ']'.repeat(size / 2),
  'calls inside calls': (size) => 'f('.repeat(size / 3) + ')'.repeat(size / 3),
  'double quotes': repeated('"'),
  'single quotes': repeated("'"),
  backticks: repeated('`'),
  backslashes: repeated('\\'),
  'quotes on lines': repeated('x = "\n'),
  'an unclosed string': repeated('abc def ', 'const x = "'),
  'an unclosed template': repeated('${a} ', 'const x = `'),
  'an unclosed comment': repeated('* / ', '/* '),
  'comment beginnings': repeated('/*'),
  hashes: repeated('#'),
  'regular expressions': repeated('/[a-z]+(/'),
  anchors: repeated('&a '),
  aliases: repeated('*a '),
  'anchored lines': counted((i) => `k${i}: &a${i} *a${Math.max(0, i - 1)}\n`, 'k: &a0 x\n'),
  'aliases of one list': counted((i) => `k${i}: *a\n`, 'a: &a [1, 2, 3]\n'),
  merges: counted((i) => `k${i}:\n  <<: *a\n`, 'a: &a {b: 1}\n'),
  dashes: repeated('- '),
  questions: repeated('? '),
  colons: repeated(': '),
  'keys in keys': (size) => {
    const lines: string[] = [];
    for (let depth = 0, length = 0; length < size; depth = (depth + 1) % 60) {
      lines.push(`${' '.repeat(depth)}k${lines.length}:`);
      length += depth + 4;
    }
    return lines.join('\n');
  },
  documents: repeated('---\n'),
  'documents with objects': counted((i) => `---\n${POD}metadata: {name: p${i}}\nspec: {containers: [{name: c, image: a:1}]}\n`),
  'the same object again': repeated(`---\n${POD}metadata: {name: p}\nspec: {containers: [{name: c, image: a:1}]}\n`),
  'objects without a kind': counted((i) => `---\napiVersion: v1\nmetadata: {name: p${i}}\n`),
  tabs: repeated('\tx: 1\n'),
  tags: repeated('!!str '),
  'block scalars': repeated('a: |\n  x\n'),
  'one block scalar': repeated('  text\n', 'a: |\n'),
  templates: repeated('{{ if .Values.x }}\n'),
  'a JSON list': (size) => `[${'1,'.repeat(size / 2)}1]`,
  'a JSON list of objects': counted((i) => `{"name":"a${i}","value":"b"},`, '{"kind":"List","apiVersion":"v1","items":[', '{}]}'),
  'a JSON list without an end': counted((i) => `{"a":${i}},`, '['),
  'JSON inside JSON': (size) => '{"a":'.repeat(size / 6) + '1' + '}'.repeat(size / 6),
  'JSON keys': counted((i) => `"k${i}":"v",`, '{', '"z":1}'),
  base64: (size) => noise(size, BASE64),
  'base64 on lines': (size) => noise(size, BASE64).replaceAll(/(.{64})/g, '$1\n'),
  'base64 of base64': (size) =>
    Buffer.from(Buffer.from(noise(size / 2, BASE64)).toString('base64'))
      .toString('base64')
      .slice(0, size),
  hexadecimal: (size) => noise(size, '0123456789abcdef'),
  'PEM beginnings': repeated('-----BEGIN CERTIFICATE-----\n'),
  'PEM beginnings of keys': repeated('-----BEGIN RSA PRIVATE KEY-----\nMIIE\n'),
  'PEM without an end': (size) => `-----BEGIN RSA PRIVATE KEY-----\n${noise(size, BASE64)}`,
  'encoded PEM beginnings': repeated('LS0tLS1CRUdJTi'),
  'PEM blocks of nothing': repeated('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'),
  passwords: counted((i) => `password${i} = "hunter${i}x${i * 7}"\n`),
  'passwords without a value': repeated('password='),
  keywords: repeated('token secret password apikey api_key credential auth '),
  'keys of clouds': counted((i) => `AKIA${String(i).padStart(16, 'Q')} `),
  'beginnings of tokens': repeated('ghp_ sk_live_ xoxb- AIza eyJ '),
  'tokens that look like one': repeated('eyJhbGciOiJIUzI1NiJ9.'),
  'addresses with passwords': counted((i) => `postgres://user:pass${i}@host${i}/db `),
  'addresses without an end': repeated('https://a:b'),
  'at signs': repeated('@'),
  'equals signs': repeated('='),
  'words and equals signs': repeated('a=b;'),
  commas: repeated(','),
  'percent signs': repeated('%41'),
  'Dockerfile lines that go on': repeated('RUN a \\\n', 'FROM a\n'),
  'Dockerfile instructions': counted((i) => `RUN apt-get install x${i}\n`, 'FROM a\n'),
  'Dockerfile stages': counted((i) => `FROM a AS s${i}\nCOPY --from=s${i} / /\n`),
  'Dockerfile here-documents': repeated('RUN <<EOF\n', 'FROM a\n'),
  'Dockerfile variables': repeated('ENV A=${A:-${A}}\n', 'FROM a\n'),
  'compose services': counted((i) => `  s${i}: {image: "a:1", depends_on: [s${Math.max(0, i - 1)}]}\n`, 'services:\n'),
  'pipeline steps': counted(
    (i) => `      - run: npm ci && npm test ${i}\n`,
    'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n',
  ),
  'commands with bars': repeated('a | b && '),
  dollars: repeated('$('),
  'here-documents': repeated('cat <<EOF\n'),
  imports: counted((i) => `import a${i} from 'a${i}';\n`),
  functions: counted((i) => `function f${i}(a) { return jwt.verify(a, k${i}); }\n`, "const jwt = require('jsonwebtoken');\n"),
  'options of tokens': counted((i) => `jwt.decode(t${i}, options={"verify_exp": False})\n`, 'import jwt\n'),
  'one long expression': repeated('a+'),
  'assignments in a chain': repeated('a='),
  classes: counted((i) => `class A${i} { void f() { Jwts.parser().parse(t); } }\n`, 'import io.jsonwebtoken.Jwts;\n'),
  'Go functions': counted((i) => `func f${i}() { jwt.Parse(t, k) }\n`, 'package a\nimport "github.com/golang-jwt/jwt/v5"\n'),
  'XML elements': repeated('<a>'),
  'XML dependencies': counted(
    (i) => `<dependency><groupId>g</groupId><artifactId>a${i}</artifactId><version>1.${i}</version></dependency>`,
    '<project><dependencies>',
    '</dependencies></project>',
  ),
  'XML attributes': repeated(' a="b"', '<a'),
  'XML properties': counted((i) => `<p${i}>\${p${i + 1}}</p${i}>`, '<project><properties>', '</properties></project>'),
  'lock entries': counted(
    (i) => `"node_modules/a${i}":{"version":"1.0.${i}","dependencies":{"a${i + 1}":"1"}},`,
    '{"lockfileVersion":3,"packages":{"":{"name":"x"},',
    '"node_modules/z":{"version":"1.0.0"}}}',
  ),
  'TOML tables': counted((i) => `[[package]]\nname = "a${i}"\nversion = "1.0.${i}"\ndependencies = ["a${i + 1}"]\n`),
  'TOML keys': repeated('a.b.c = [\n'),
  requirements: counted((i) => `a${i}==1.0.${i}\n`),
  'included requirements': repeated('-r requirements.txt\n'),
  'Go modules': counted((i) => `\tgithub.com/a/b${i} v1.0.${i}\n`, 'module x\nrequire (\n', ')\n'),
  'SPDX packages': counted((i) => `PackageName: a${i}\nSPDXID: SPDXRef-${i}\nPackageVersion: 1\n`, 'SPDXVersion: SPDX-2.3\n'),
  components: counted(
    (i) => `{"type":"library","name":"a${i}","version":"1","purl":"pkg:npm/a${i}@1"},`,
    '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[',
    '{"type":"library","name":"z"}]}',
  ),
  'OpenAPI paths': counted(
    (i) => `"/p${i}/{id}":{"get":{"parameters":[{"$ref":"#/components/parameters/a"}],"responses":{"200":{"description":"x"}}}},`,
    '{"openapi":"3.1.0","info":{"title":"x","version":"1"},"components":{"parameters":{"a":{"name":"id","in":"path","schema":{"type":"string"}}}},"paths":{',
    '"/z":{}}}',
  ),
  'OpenAPI references in a ring': counted(
    (i) => `"s${i}":{"properties":{"a":{"$ref":"#/components/schemas/s${i + 1}"},"b":{"$ref":"#/components/schemas/s0"}}},`,
    '{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/s0"}}}},"responses":{}}}},"components":{"schemas":{',
    '"z":{}}}}',
  ),
  'nginx blocks': repeated('server { location / { '),
  'cullis:ignore': repeated('# cullis:ignore x: y\n'),
  owners: counted((i) => `/a${i}/* @team${i}\n`),
  'an ELF head': (size) => `\u007FELF\u0002\u0001\u0001${'\u0001'.repeat(size)}`,
  'a ZIP head': repeated('PK\u0003\u0004'),
  'a ZIP end': repeated('PK\u0005\u0006', 'PK\u0003\u0004'),
  'a gzip head': (size) => `\u001F\u008B\u0008${'\u0000'.repeat(size)}`,
  'a key store': (size) => `\u00FE\u00ED\u00FE\u00ED\u0000\u0000\u0000\u0002\u00FF\u00FF\u00FF\u00FF${'\u0001'.repeat(size)}`,
  DER: (size) => `0\u0084${'0\u0080'.repeat(size / 2)}`,
  'null characters': repeated('\u0000'),
  'wide characters': repeated('\u{1F600}'),
  'one byte over ASCII': repeated('\u00E9'),
};
