import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachYamlDocument, readYaml } from './yaml.ts';

/** Plain copies: the reader's objects have an empty prototype. */
function values(text: string | Uint8Array): unknown {
  return readYaml('f.yaml', text).documents.map((document) => JSON.parse(JSON.stringify(document.value)) as unknown);
}
function mistakes(text: string | Uint8Array): readonly string[] {
  return readYaml('f.yaml', text).mistakes.map(({ code, location }) => `${location.line}:${location.column} ${code}`);
}

test('documents are read as the Kubernetes tools mean them', () => {
  for (const [text, want] of [
    ['a: 1\n---\nb: [x, {c: d}]\n', [{ a: 1 }, { b: ['x', { c: 'd' }] }]],
    ['a: yes\nb: "yes"\nc: Off\nd: y\ne: ~\nf:\n', [{ a: true, b: 'yes', c: false, d: true, e: null, f: null }]],
    [
      'mode: 0644\nhex: 0x1F\nunder: 1_000\nfloat: 1e3\ntime: 12:30:45\ndate: 2001-01-01\nver: 1.20\nodd: 08\n',
      [{ mode: 420, hex: 31, under: 1000, float: 1000, time: '12:30:45', date: '2001-01-01', ver: 1.2, odd: 8 }],
    ],
    ['y: 1\n8080: {mode: STRICT}\n', [{ true: 1, 8080: { mode: 'STRICT' } }]],
    ['a: |\n  line\n  two\nb: >-\n  folded\n  text\n', [{ a: 'line\ntwo\n', b: 'folded text' }]],
    ['a: !!str 12\nb: !!int "7"\n', [{ a: '12', b: 7 }]],
    ['{"kind": "List", "items": [{"a": "\\u00e4\\/"}]}', [{ kind: 'List', items: [{ a: 'ä/' }] }]],
    ['{"a":1}\n{"a":2} {"a":"}{"}', [{ a: 1 }, { a: 2 }, { a: '}{' }]],
    ['%YAML 1.1\n---\na: 1\n...\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['# only a comment\n---\n---\n\n', []],
    ['', []],
    ['\uFEFFa: 1\r\nb:\r\n- x\r\n- z\r\n---\r\nc: 3\r\n', [{ a: 1, b: ['x', 'z'] }, { c: 3 }]],
    ['a: "---"\nb: |\n  text\n  --- not a separator\n', [{ a: '---', b: 'text\n--- not a separator\n' }]],
  ] as const) {
    assert.deepEqual(values(text), want, text);
    assert.deepEqual(mistakes(text), [], text);
  }
});

test('UTF-8 and marked UTF-16 bytes are text', () => {
  assert.deepEqual(values(new TextEncoder().encode('a: ü\n')), [{ a: 'ü' }]);
  const utf16 = new Uint8Array([0xff, 0xfe, ...Array.from('a: 1\n', (each) => [each.charCodeAt(0), 0]).flat()]);
  assert.deepEqual(values(utf16), [{ a: 1 }]);
});

test('every mistake has its place, and the other documents are read', () => {
  for (const [text, want, count] of [
    ['a: [1\n---\nb: 1\n', ['2:1 syntax.yaml'], 1],
    ['ok: 1\n---\na: 1\na: 2\n---\nb: 1\n', ['4:1 syntax.duplicate-key'], 2],
    ['a:\r\n  b: 1\r\n   c: 2\r\n', ['3:5 syntax.yaml'], 0],
    ['a: *none\n', ['1:4 syntax.alias'], 0],
    ['a: &x [*x]\n', ['1:8 syntax.alias'], 0],
    ['? [a]\n: b\n', ['1:3 syntax.key'], 0],
    ['~: b\n', ['1:1 syntax.key'], 0],
    ['<<: 1\n', ['1:1 syntax.merge'], 0],
    ['a: .inf\n', ['1:4 syntax.number'], 0],
    ['a: !!int x\n', ['1:10 syntax.tag'], 0],
    ['a: !Ref b\n', ['1:9 syntax.tag'], 1],
    ['a: 1\n\tb: 2\n', ['2:1 syntax.yaml'], 0],
    ['a: b\0', ['1:5 syntax.binary'], 0],
  ] as const) {
    assert.deepEqual(mistakes(text), want, text);
    assert.equal(readYaml('f.yaml', text).documents.length, count, text);
  }
  assert.deepEqual(mistakes(new Uint8Array([0x61, 0x3a, 0x20, 0x62, 0x0a, 0xc3, 0xa4, 0xff])), ['2:2 syntax.encoding']);
});

test('parts are located, through lists, quotes, aliases and merges', () => {
  const text =
    'base: &base\n  name: x\n  list: [1, "two"]\nuse: *base\nmerged:\n  <<: *base\n  own: 1\n"quoted key": 1\nblock: |\n  text\n';
  const [document] = readYaml('f.yaml', text).documents;
  for (const [path, want] of [
    [[], '1:1'],
    [['base'], '1:1'],
    [['base', 'name'], '2:3'],
    [['base', 'list', 1], '3:13'],
    [['use', 'name'], '2:3'],
    [['merged', 'own'], '7:3'],
    [['merged', 'name'], '2:3'],
    [['quoted key'], '8:1'],
    [['base', 'missing', 'deep'], '1:1'],
    [['base', 'list', 7], '3:3'],
    [['nowhere'], '1:1'],
  ] as const) {
    const { line, column } = document!.locate(path);
    assert.equal(`${line}:${column}`, want, path.join('.'));
  }
});

test('places are right in a later document, with CRLF and after a byte order mark, also when asked late', () => {
  const places: string[] = [];
  const late: (() => string)[] = [];
  eachYamlDocument('f.yaml', '\uFEFFa: 1\r\n---\r\nb:\r\n- c: 1\r\n', (document) => {
    const place = (): string => JSON.stringify(document.locate(['b', 0, 'c']));
    places.push(place());
    late.push(place);
  });
  assert.deepEqual(places, ['{"file":"f.yaml","line":1,"column":1}', '{"file":"f.yaml","line":4,"column":3}']);
  assert.deepEqual(
    late.map((place) => place()),
    places,
  );
});

test('keys that every object has are data', () => {
  const [document] = readYaml('f.yaml', '__proto__: {polluted: true}\nconstructor: 1\ntoString: 2\n').documents;
  assert.deepEqual(Object.keys(document!.value as object), ['__proto__', 'constructor', 'toString']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  assert.equal((document!.value as Record<string, unknown>)['hasOwnProperty'], undefined);
});

test('values are frozen', () => {
  const [document] = readYaml('f.yaml', 'a: {b: [1]}\n').documents;
  const { a } = document!.value as { a: { b: number[] } };
  assert.throws(() => a.b.push(2), TypeError);
  assert.throws(() => Object.assign(a, { c: 1 }), TypeError);
});

test('aliases are bounded by what they stand for and by how deep they reach', () => {
  const bomb = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`),
  ].join('\n');
  assert.deepEqual(
    mistakes(bomb).map((each) => each.split(' ')[1]),
    ['syntax.alias-bomb'],
  );
  const many = `base: &base {k: ${'v'.repeat(20_000)}}\n${Array.from({ length: 40 }, (_, i) => `u${i}: {<<: *base}`).join('\n')}`;
  assert.deepEqual(
    mistakes(many).map((each) => each.split(' ')[1]),
    ['syntax.alias-bomb'],
  );
  const deep = ['a0: &a0 x', ...Array.from({ length: 200 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`)].join('\n');
  assert.deepEqual(
    mistakes(deep).map((each) => each.split(' ')[1]),
    ['syntax.alias-bomb'],
  );
  // The budget belongs to the file: many documents cannot each have their own.
  const spread = Array.from({ length: 50 }, () => `b: &b ${'v'.repeat(2000)}\nu: [${Array(20).fill('*b').join(',')}]\n`).join(
    '---\n',
  );
  assert.ok(mistakes(spread).some((each) => each.endsWith('syntax.alias-bomb')));
  assert.deepEqual(values('x: &x {a: 1}\nw: *x\nz: {<<: *x, a: 2}\n'), [{ x: { a: 1 }, w: { a: 1 }, z: { a: 2 } }]);
});

test('size, nesting, documents and mistakes are bounded', () => {
  assert.deepEqual(
    readYaml('f', 'a'.repeat(2000), { fileSizeMax: 1000 }).mistakes.map((each) => each.code),
    ['syntax.too-large'],
  );
  assert.deepEqual(
    readYaml('f', new Uint8Array(2000), { fileSizeMax: 1000 }).mistakes.map((each) => each.code),
    ['syntax.too-large'],
  );
  assert.match(readYaml('f', new Uint8Array(33 * 1024 * 1024)).mistakes[0]!.message, /33 MB; at most 32 MB/);
  assert.deepEqual(mistakes('['.repeat(50_000)), ['1:100 syntax.yaml']);
  assert.deepEqual(mistakes('- '.repeat(5000)), ['1:201 syntax.yaml']);
  const crowd = readYaml('f', '---\na: 1\n'.repeat(30), { documentsMax: 10 });
  assert.equal(crowd.documents.length, 10);
  assert.deepEqual(
    crowd.mistakes.map((each) => each.code),
    ['syntax.too-many'],
  );
  assert.equal(readYaml('f', '---\na: [\n'.repeat(1000), { mistakesMax: 5 }).mistakes.length, 6);
});

test('what may be a password is not repeated', () => {
  for (const text of [
    'password: *hunter2',
    'password: !hunter2 x',
    'password: !hunter2{} x',
    'password: &hunter2',
    'password: "hunter2',
    'password: !e!hunter2 x',
    'password: {hunter2: *hunter2}',
    'p: @hunter2',
    'p: `hunter2',
  ]) {
    assert.doesNotMatch(JSON.stringify(readYaml('f', text).mistakes), /hunter2/, text);
  }
});

test('templates are named as such', () => {
  for (const text of ['a: {{ .Values.x }}\n', '{{- if .Values.x }}\na: 1\n{{- end }}\n']) {
    assert.match(readYaml('f', text).mistakes[0]?.help ?? '', /helm template/, text);
  }
});
