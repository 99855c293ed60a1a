import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FromBroker, type Portion, PortionBroker, Portions, type ToBroker } from './portions.ts';

/** Holders and their broker, with messages that travel when they are told to. */
class World {
  readonly names: readonly string[];
  readonly portions = new Map<string, Portions>();
  readonly wire: (() => void)[] = [];
  readonly deaf = new Set<string>();
  readonly broker: PortionBroker;

  constructor(count: number) {
    this.names = Array.from({ length: count }, (_, i) => `proxy/${i + 1}`);
    this.broker = new PortionBroker(this.names, (holder, message) => this.#toHolder(holder, message));
    for (const name of this.names) this.begin(name, false);
  }

  begin(name: string, anew: boolean): void {
    const portions: Portions = new Portions(this.names.length, anew, (message) => {
      this.wire.push(() => this.portions.get(name) === portions && this.broker.take(name, message));
      return true;
    });
    this.portions.set(name, portions);
  }

  end(name: string): void {
    this.portions.delete(name);
    this.broker.left(name);
    this.begin(name, true);
  }

  of(i: number, max: number): Portion {
    return this.portions.get(this.names[i]!)!.of('b', max);
  }

  deliver(): void {
    while (this.wire.length > 0) this.wire.shift()!();
  }

  #toHolder(holder: string, message: FromBroker): boolean {
    const portions = this.portions.get(holder);
    if (!portions) return false;
    this.wire.push(() => !this.deaf.has(holder) && this.portions.get(holder) === portions && portions.receive(message));
    return true;
  }
}

function takeAll(portion: Portion): number {
  let count = 0;
  while (portion.take()) count++;
  return count;
}

async function grow(world: World, portion: Portion): Promise<number> {
  let count = takeAll(portion);
  for (;;) {
    const more = portion.ask();
    world.deliver();
    if (!(await more)) return count;
    count += takeAll(portion);
  }
}

test('one holder has the whole bound, and none more by asking', async () => {
  const portions = new Portions(1, true, () => assert.fail('nobody to ask'));
  const portion = portions.of('b', 3);
  assert.equal(takeAll(portion), 3);
  assert.equal(await portion.ask(), false);
  portion.give();
  assert.equal(await portion.ask(), true);
  assert.equal(portions.of('none', Infinity).take(), true);
});

for (const [holders, max] of [
  [2, 1],
  [2, 10],
  [3, 10],
  [4, 2],
] as const) {
  test(`${holders} holders of ${max}: one that needs all gets all, and the others nothing until it gives back`, async () => {
    const world = new World(holders);
    const busy = world.of(0, max);
    assert.equal(await grow(world, busy), max);
    const other = world.of(1, max);
    assert.equal(await grow(world, other), 0);
    busy.give();
    assert.equal(await grow(world, other), 1);
    assert.equal(busy.take(), false);
  });
}

test('what a holder that ended had is free, and its successor begins with nothing', async () => {
  const world = new World(2);
  assert.equal(await grow(world, world.of(0, 8)), 8);
  world.end('proxy/1');
  const successor = world.of(0, 8);
  assert.equal(successor.take(), false);
  assert.equal(await grow(world, world.of(1, 8)), 8);
  assert.equal(await grow(world, successor), 0);
});

test('a holder that does not answer keeps what it has; the asker is told in a while', async () => {
  const world = new World(2);
  world.deaf.add('proxy/2');
  const portion = world.of(0, 4);
  takeAll(portion);
  const more = portion.ask();
  world.deliver();
  assert.equal(world.broker.waiting, true);
  world.broker.expire();
  world.deliver();
  assert.equal(await more, false);
  assert.equal(world.broker.waiting, false);
});

test('another bound takes the place of the former one, what is in use counts on', () => {
  const portions = new Portions(2, false, () => true);
  const portion = portions.of('b', 10);
  assert.equal(takeAll(portion), 5);
  assert.equal(portions.of('b', 14), portion);
  assert.equal(takeAll(portion), 2);
  assert.equal(portion.used, 7);
});

test('a name that cannot be a bound, or one too many, is granted nothing', () => {
  const said: FromBroker[] = [];
  const broker = new PortionBroker(['a', 'b'], (_, message) => said.push(message) > 0);
  for (const max of [0, -1, 1.5, Number.NaN])
    broker.take('a', { type: 'portion-ask', name: 'b', max, want: 1 } satisfies ToBroker);
  assert.deepEqual(
    said.map((one) => one.type === 'portion-grant' && one.count),
    [0, 0, 0, 0],
  );
});

test('whatever happens in whatever order, all together never hold more than the bound', async () => {
  const step = fc.record({ op: fc.constantFrom('take', 'give', 'ask', 'deliver', 'one', 'end', 'expire'), who: fc.nat(2) });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 80 }), async (max, steps) => {
      const world = new World(3);
      const open: Promise<boolean>[] = [];
      for (const { op, who } of steps) {
        const portion = world.of(who, max);
        if (op === 'take') portion.take();
        else if (op === 'give') {
          if (portion.used > 0) portion.give();
        } else if (op === 'ask') open.push(portion.ask());
        else if (op === 'deliver') world.deliver();
        else if (op === 'one') world.wire.shift()?.();
        else if (op === 'end') world.end(world.names[who]!);
        else world.broker.expire();
        const used = world.names.reduce((sum, _, i) => sum + world.of(i, max).used, 0);
        assert.ok(used <= max, `${used} of ${max}`);
      }
    }),
    { numRuns: 300 },
  );
});
