import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { child, childText, readXml } from './xml.ts';

test('xml: elements, attributes, text, entities, CDATA, comments, namespaces', () => {
  const { root } = readXml(
    'x',
    '\ufeff<?xml version="1.0"?>\n<!DOCTYPE a>\n<!-- c --><n:a xmlns:n="u" n:k="1 &lt; &#x41;&#66;">\n text <b>x<![CDATA[<&]]>y</b>\n<c/> more</n:a>\n',
  );
  assert.deepEqual([root!.name, root!.line, { ...root!.attributes }, root!.text], ['a', 3, { k: '1 < AB' }, 'text  more']);
  assert.deepEqual([childText(root, 'b'), child(root, 'c')!.line, childText(root, 'none')], ['x<&y', 5, '']);
});

for (const [text, message] of [
  ['', /no element/],
  ['<a>', /not closed/],
  ['<a></b>', /closes nothing/],
  ['<a/><b/>', /one element/],
  ['x<a/>', /outside/],
  ['<a b=1/>', /quotes/],
  ['<a b="1/>', /not closed/],
  ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', /entities/],
  ['<a>'.repeat(300), /nested/],
  ['<a><!-- </a>', /-->/],
] as const)
  test(`xml: \`${text.slice(0, 20)}\` is refused`, () => assert.match(readXml('x', text).mistake!.message, message));

test('xml: any text gives a tree or a mistake', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('<>/ab="\'&;![]-? \n')), maxLength: 40 }), (text) => {
      const { root, mistake } = readXml('x', text);
      assert.equal(root === undefined, mistake !== undefined);
    }),
    { numRuns: 1000 },
  );
  const started = process.cpuUsage();
  for (const unit of ['<a ', '<a>', '&', '<!--', '<a b="', '</', '<![CDATA[']) readXml('x', unit.repeat(100_000));
  assert.ok(process.cpuUsage(started).user < 5_000_000);
});
