// `cullis top`: the links of the running system, live. On a terminal it redraws in place until `q`; elsewhere, and with `--once`, it prints one look.
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusResponse } from '#api/control.ts';
import { CullisError, messageOf } from '#base/errors.ts';
import { type ControlClient, openClient } from '../client.ts';
import type { JsonFlag, StateFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { Keys } from '../keys.ts';
import { Screen } from '../screen.ts';
import { type TopView, renderTop } from '../view/top.ts';
import { SORTS, type Sort, type Top, sortLinks, topOf } from '../view/top-model.ts';

export interface TopFlags extends JsonFlag, StateFlag {
  readonly once: boolean;
  readonly sort: Sort;
  /** Seconds between two looks. */
  readonly interval: number;
}

/** Rates and quantiles are of the last seconds: shorter, and rare calls flicker. */
const WINDOW_MS = 10_000;

export async function run(cli: Cli, flags: TopFlags): Promise<void> {
  const client = openClient(cli, flags.state);
  const { stop } = cli.signals();
  const terminal = cli.process.stdout.isTTY === true && !flags.json;
  if (flags.once || !(terminal || flags.json)) return await once(cli, flags, client, stop);
  if (flags.json) return await stream(cli, flags, client, stop);
  await live(cli, flags, client, stop);
}

async function look(client: ControlClient): Promise<StatusResponse> {
  const status = await client.call('status');
  if (!status) throw new CullisError('control.unreachable', 'the control API has no status');
  return status;
}

/** Two looks, and what lies between them. */
async function once(cli: Cli, flags: TopFlags, client: ControlClient, stop: AbortSignal): Promise<void> {
  const before = await look(client);
  await pause(flags, stop);
  const top = topOf(await look(client), before);
  if (flags.json) cli.out(JSON.stringify(shown(top, flags.sort), null, 2));
  else for (const line of renderTop(top, viewOf(cli, flags, { rows: Infinity })(), cli.paint)) cli.out(line);
}

/** One JSON line a look, until a signal. */
async function stream(cli: Cli, flags: TopFlags, client: ControlClient, stop: AbortSignal): Promise<void> {
  let before = await look(client);
  for (;;) {
    await pause(flags, stop);
    if (stop.aborted) return;
    const now = await look(client);
    cli.out(JSON.stringify(shown(topOf(now, before), flags.sort)));
    before = now;
  }
}

async function live(cli: Cli, flags: TopFlags, client: ControlClient, stop: AbortSignal): Promise<void> {
  const state = { sort: flags.sort, paused: false, scroll: 0, trouble: '' };
  const looks: StatusResponse[] = [];
  let top: Top | undefined;
  const quit = new AbortController();
  const screen = new Screen(cli.process.stdout);
  const view = viewOf(cli, flags, {});
  const draw = (): void => screen.draw(renderTop(top, { ...view(), ...state }, cli.paint));
  const keys = new Keys(cli.process.stdin, (key) => {
    if (key === 'q' || key === 'ctrl-c' || key === 'escape') quit.abort();
    else if (key === 's') state.sort = SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length]!;
    else if (key === 'p' || key === ' ') state.paused = !state.paused;
    else if (key === 'down' || key === 'j') state.scroll = Math.min(state.scroll + 1, Math.max(0, (top?.links.length ?? 0) - 1));
    else if (key === 'up' || key === 'k') state.scroll = Math.max(0, state.scroll - 1);
    draw();
  });
  const ended = AbortSignal.any([stop, quit.signal]);
  // The first look fails the command; later ones are told on the screen, which goes on.
  looks.push(await look(client));
  top = topOf(looks[0]!, undefined);
  screen.open();
  keys.open();
  cli.process.stdout.on?.('resize', draw);
  try {
    draw();
    while (!ended.aborted) {
      await pause(flags, ended);
      if (ended.aborted) break;
      if (!state.paused) {
        try {
          const now = await look(client);
          // Of a system that was started anew nothing of before is comparable.
          if (now.uptimeMs < looks.at(-1)!.uptimeMs) looks.length = 0;
          looks.push(now);
          while (looks.length > 2 && now.timeMs - looks[1]!.timeMs >= WINDOW_MS) looks.shift();
          top = topOf(now, looks.length > 1 ? looks[0] : undefined);
          state.trouble = '';
        } catch (error) {
          state.trouble = messageOf(error);
        }
      }
      draw();
    }
  } finally {
    cli.process.stdout.off?.('resize', draw);
    keys.close();
    screen.close();
  }
}

async function pause(flags: TopFlags, stop: AbortSignal): Promise<void> {
  await sleep(flags.interval * 1000, undefined, { signal: stop }).catch(() => undefined);
}

function shown(top: Top, sort: Sort): Top {
  return { ...top, links: sortLinks(top.links, sort) };
}

/** Room as it is at that moment: a window may change its size. */
function viewOf(cli: Cli, flags: TopFlags, more: Partial<TopView>): () => TopView {
  const { stdout, stdin } = cli.process;
  return () => ({
    // What goes into a file or another program loses nothing for want of room.
    columns: stdout.isTTY === true ? (stdout.columns ?? 100) : Infinity,
    rows: stdout.rows ?? 40,
    sort: flags.sort,
    paused: false,
    scroll: 0,
    keys: more.rows === undefined && stdin?.isTTY === true,
    trouble: '',
    ...more,
  });
}
