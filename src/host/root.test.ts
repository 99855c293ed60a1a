import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isBelow, projectRoot, quote, rootScript, unreadableFolder } from './root.ts';

describe('the file tree of a workload', { skip: process.platform === 'linux' ? false : 'Linux only' }, () => {
  let base = '';
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'cullis-root-'));
    mkdirSync(join(base, 'repo', 'packages', "o'cart", '.cullis'), { recursive: true });
    writeFileSync(join(base, 'repo', 'package.json'), '{}');
    writeFileSync(join(base, 'repo', 'packages', "o'cart", 'package.json'), '{}');
    symlinkSync(join(base, 'repo'), join(base, 'link'));
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  const script = (share: string[], hide: string[] = [], writable: string[] = []): string[] =>
    rootScript({ share, hide, writable, tmpBytesMax: 1024 });

  it('shows what is shared read-only, where it is and where a link leads', () => {
    const lines = script([join(base, 'link')]);
    for (const path of [join(base, 'link'), join(base, 'repo')]) {
      assert.ok(lines.includes(`mount --rbind '${path}' '.${path}'`), path);
      assert.ok(lines.includes(`mount -o remount,bind,ro,nosuid,nodev '.${path}'`), path);
    }
  });

  it('does not mount twice what lies in another share, and quotes every path', () => {
    const inner = join(base, 'repo', 'packages', "o'cart");
    assert.equal(script([join(base, 'repo'), inner]).filter((line) => line.includes('cart')).length, 0);
    assert.ok(script([inner]).some((line) => line.includes(`o'\\''cart' '.`)));
    assert.throws(() => quote('a\nb'), /cannot be used as a path/);
  });

  it('covers what must be hidden, only where it would be seen, and lets what is writable through', () => {
    const state = join(base, 'repo', 'packages', "o'cart", '.cullis');
    const covered = script([join(base, 'repo')], [state]).filter((line) => line.includes('hidden'));
    assert.equal(covered.length, 1);
    assert.match(covered[0]!, /^mount -t tmpfs -o ro,mode=0555/);
    assert.equal(script(['/usr'], [state]).filter((line) => line.includes('hidden')).length, 0);
    const lines = script([join(base, 'repo')], [state], [join(base, 'repo')]);
    assert.ok(
      lines.indexOf(`mount -o remount,bind,nosuid,nodev '.${join(base, 'repo')}'`) >
        lines.findIndex((line) => line.includes('hidden')),
    );
  });

  it('refuses to share everything or nothing', () => {
    for (const path of ['/', 'relative', join(base, 'nowhere')])
      assert.throws(() => script([path]), /shared with a workload|no folder/);
  });

  it('shares neither homes nor /var, /run, /etc as a whole', () => {
    const sources = script([join(base, 'repo')]).flatMap((line) => /^mount --rbind '(.*?)' /.exec(line)?.[1] ?? []);
    for (const path of ['/root', '/home', '/var', '/run', '/etc', '/tmp', '/']) assert.ok(!sources.includes(path), path);
  });

  it('says which folder another user cannot read, below the shared one only', () => {
    const cart = join(base, 'repo', 'packages', "o'cart");
    for (const folder of [join(base, 'repo'), join(base, 'repo', 'packages'), cart]) chmodSync(folder, 0o755);
    assert.equal(unreadableFolder(join(base, 'repo'), cart), undefined);
    chmodSync(join(base, 'repo', 'packages'), 0o750);
    assert.equal(unreadableFolder(join(base, 'repo'), cart), join(base, 'repo', 'packages'));
    assert.equal(unreadableFolder(cart, cart), undefined);
  });

  it('finds the project around a folder, but not a home', () => {
    const cart = join(base, 'repo', 'packages', "o'cart");
    assert.equal(projectRoot(cart, []), join(base, 'repo'));
    assert.equal(projectRoot(cart, [join(base, 'repo')]), cart);
    assert.equal(projectRoot(base, []), base);
    assert.ok(isBelow(cart, base) && isBelow(base, base) && !isBelow(base, cart) && !isBelow(`${base}-x`, base));
  });
});
