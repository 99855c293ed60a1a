import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { originOf } from '#model/origin.ts';
import { readSystem } from '../read.ts';
import { DOCKERFILE, DOCKERIGNORE } from './format.ts';
import { parseDockerfile } from './parse.ts';
import { expand, stagesOf } from './stages.ts';

const keywords = (text: string): readonly string[] =>
  parseDockerfile(text).instructions.map(({ keyword, text: rest, line }) => `${line} ${keyword} ${rest}`);

test('continuation lines, comments and empty lines between them', () => {
  assert.deepEqual(keywords('FROM a\nRUN x \\\n  # why\n\n  && y\n  # end\nCMD z\r\n'), ['1 FROM a', '2 RUN x && y', '7 CMD z']);
});

test('the escape directive, and what only looks like one', () => {
  assert.deepEqual(keywords('# escape=`\nFROM a\nRUN x `\n y'), ['2 FROM a', '3 RUN x y']);
  assert.equal(parseDockerfile('# a comment\n# escape=`\nFROM a').escape, '\\');
});

test('here-documents are no instructions', () => {
  const { instructions } = parseDockerfile(
    'FROM a\nRUN <<EOF bash\nFROM b\nEOF\nCOPY <<-"A" <<B /x/\n\t1\n\tA\n2\nB\nRUN cat <<<"x" && echo "<<NO"\nCMD y\n',
  );
  assert.deepEqual(
    instructions.map(({ keyword, heredocs }) => [keyword, heredocs.map(({ text }) => text)]),
    [
      ['FROM', []],
      ['RUN', ['FROM b']],
      ['COPY', ['\t1', '2']],
      ['RUN', []],
      ['CMD', []],
    ],
  );
});

test('flags, JSON form, ONBUILD, small letters', () => {
  const { instructions } = parseDockerfile('from a\ncopy --from=b --chown="x:y" ["s p", "/d"]\nOnBuild RUN z\nCMD [not json]\n');
  assert.deepEqual(instructions[1]!.flags, [
    { name: 'from', value: 'b' },
    { name: 'chown', value: 'x:y' },
  ]);
  assert.deepEqual(instructions[1]!.json, ['s p', '/d']);
  assert.deepEqual([instructions[2]!.keyword, instructions[2]!.onbuild], ['RUN', true]);
  assert.equal(instructions[3]!.json, undefined);
});

test('stages: names, parents, ARGs', () => {
  const { instructions } = parseDockerfile(
    'ARG V=20\nARG BASE=node:${V}\nARG OUT\nFROM --platform=linux/amd64 ${BASE}-alpine AS Build\nARG V=1\nFROM build AS b2\nFROM x:$OUT\nFROM scratch\n',
  );
  assert.deepEqual(
    stagesOf(instructions).map(({ name, base, parent }) => [name, base, parent]),
    [
      ['build', 'node:20-alpine', undefined],
      ['b2', 'build', 0],
      [undefined, undefined, undefined],
      [undefined, 'scratch', undefined],
    ],
  );
  const values = new Map([['A', '1']]);
  assert.deepEqual(
    ['$A', '${B:-x}', '${A:+y}', '${B:+y}', '$B'].map((text) => expand(text, values)),
    ['1', 'x', 'y', '', undefined],
  );
});

test('which files are read', () => {
  for (const file of ['Dockerfile', 'a/dockerfile', 'Dockerfile.prod', 'Containerfile', 'api.Dockerfile', 'x/Dockerfile-dev'])
    assert.ok(DOCKERFILE.matches(file), file);
  for (const file of ['Dockerfile.md', 'dockerfile.ts', 'a.yaml', 'Dockerfile.dockerignore', 'dockerfiles/readme'])
    assert.ok(!DOCKERFILE.matches(file), file);
  assert.ok(DOCKERIGNORE.matches('a/.dockerignore'));
});

test('builds are linked to workloads by name, and places are told', () => {
  const { system } = readSystem([
    { file: 'src/cartservice/Dockerfile', text: '# x\nFROM a:1\nUSER root\n' },
    { file: 'deploy/Dockerfile.pay', text: 'FROM a:1\n' },
    {
      file: 'k.yaml',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: c}\nspec: {containers: [{name: a, image: "r.test:5000/x/cartservice:v1@sha256:aa"}, {name: b, image: pay}]}\n',
    },
  ]);
  assert.deepEqual(
    system.builds.map(({ workloads }) => workloads),
    [['default/c'], ['default/c']],
  );
  assert.deepEqual(originOf(system.builds[0]!.resource, ['instructions', 1]), {
    file: 'src/cartservice/Dockerfile',
    line: 3,
    column: 1,
  });
  assert.deepEqual(system.notActedOn, []);
});

test('mistakes are told and the rest is read', () => {
  const { diagnostics, system } = readSystem([{ file: 'Dockerfile', text: 'FROM a:1\nRUN x\n  && y\nCMD z\n' }]);
  assert.deepEqual(
    diagnostics.map(({ code, location }) => `${code} ${location?.line}`),
    ['dockerfile.syntax 3'],
  );
  assert.equal(system.builds[0]!.instructions.length, 3);
});

test('any text is read in bounded time', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ maxLength: 6 }),
          fc.constantFrom('FROM a\n', 'RUN ', '\\\n', '<<EOF', '\n', '"', '${A', '--x', '[', 'ARG A=1\n'),
        ),
        { maxLength: 40 },
      ),
      (parts) => {
        stagesOf(parseDockerfile(parts.join('')).instructions);
      },
    ),
    { numRuns: 200 },
  );
  for (const shape of ['RUN a \\\n', 'RUN <<A\n', 'FROM a\n', '\\\n', 'ARG A=${A}${A}\n', 'COPY --a ', '<<A ', '# x=1\n']) {
    const start = performance.now();
    stagesOf(parseDockerfile(`FROM a\n${shape.repeat(Math.ceil(200_000 / shape.length))}`).instructions);
    assert.ok(performance.now() - start < 400, `${shape} ${performance.now() - start}`);
  }
});
