// `cullis demo`, which is `npm start`: the example shop behind Cullis, a breach played on it with policy off and on, and where to look.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPROMISED, TARGET, allTargets, makeBreach } from '#app/breach.ts';
import type { LoadedSystem } from '#app/messages.ts';
import type { Opened } from '#app/open.ts';
import { readSources } from '#app/sources.ts';
import { visitShop } from '#app/visit.ts';
import { readSystem } from '#ingest/read.ts';
import { lintPolicies } from '#policy/lint.ts';
import type { Cli } from '../context.ts';
import { renderBreach, renderFixture, renderFound, renderIntruder, renderNext } from '../view/demo.ts';
import { renderStatus } from '../view/status.ts';
import { renderMoved } from '../view/up.ts';
import { bringUp, SETTLE_MS, type RunFlags } from './up.ts';

const SHOP = fileURLToPath(new URL('../../../examples/shop', import.meta.url));
/** A policy as a security guide printed it. */
const GUIDE = fileURLToPath(new URL('../../../examples/security-guide', import.meta.url));

export async function run(cli: Cli, flags: RunFlags): Promise<number> {
  const manifests = relative(cli.cwd, `${SHOP}/manifests`) || '.';
  const breach = makeBreach();
  const print = (lines: readonly string[]): void => {
    if (!flags.json) for (const line of lines) cli.out(line);
  };
  return await bringUp(cli, {
    ...flags,
    paths: [manifests],
    policy: false,
    extraEnv: breach.env,
    follow: false,
    loaded(loaded) {
      print([
        ...renderFound(loaded, cli.paint, cli.columns),
        '',
        ...renderFixture(guideFindings(cli, loaded), cli.paint, cli.columns),
      ]);
      cli.note('starting six services, their sidecars and a gateway …');
    },
    async serve(opened, failed) {
      for (const [id, why] of failed) cli.err(`${cli.paintErr('bad', id)} ${why}`);
      const { supervisor } = opened;
      const off = failed.has(COMPROMISED) ? [] : await breach.run(supervisor, {});
      await supervisor.setPolicy(true);
      const [intruder] = await Promise.all([
        failed.has(COMPROMISED) ? [] : breach.run(supervisor, allTargets(supervisor, opened.state.folder)),
        visitShop(gatewayUrl(opened)),
      ]);
      // The same tries as before, now under policy, among all others that the intruder can think of.
      const on = intruder.filter(({ try: name }) => off.some((before) => before.try === name && before.outcome !== 'untried'));
      const explanation = await firstRefusal(opened);
      const status = await supervisor.status(SETTLE_MS);
      if (flags.json) {
        cli.out(
          JSON.stringify({
            breach: { off, on, explanation, intruder },
            status,
            admin: supervisor.adminUrl,
            stateDir: opened.state.folder,
          }),
        );
        return;
      }
      print(['', ...renderBreach(off, on, explanation, cli.paint, cli.columns)]);
      print(['', ...renderIntruder(intruder, opened, cli.paint, cli.columns)]);
      print(['', ...renderMoved(supervisor.moved, cli.paint), ...renderStatus(status, cli.paint)]);
      print(['', ...renderNext(opened, status, cli.paint)]);
    },
  });
}

/** The guide's policy beside the shop's own manifests: what it means there. Only what it adds is shown. */
function guideFindings(cli: Cli, loaded: LoadedSystem): ReturnType<typeof lintPolicies> {
  const sources = readSources(
    [GUIDE, `${SHOP}/manifests`].map((path) => relative(cli.cwd, path) || '.'),
    () => new Uint8Array(),
    cli.cwd,
  );
  const { system } = readSystem(sources.texts);
  const known = new Set(loaded.findings.map((one) => one.id));
  return lintPolicies(system).filter((one) => !known.has(one.id) && one.location?.file.includes('security-guide'));
}

function gatewayUrl(opened: Opened): string {
  const [address] = Object.values(opened.supervisor.observed?.gateways ?? {});
  return `http://${address?.ip}:${address?.port}`;
}

/** Why the billing API said no to the compromised service's first call under policy, from the journal. */
async function firstRefusal({ supervisor }: Opened): ReturnType<Opened['supervisor']['explain']> {
  const identity = supervisor.loaded?.system.workloads.find((one) => one.id === COMPROMISED)?.identity;
  const events = await supervisor.events(100, true);
  const refusal = events.findLast((one) => one.type === 'exchange' && one.workload === TARGET && one.source === identity);
  return refusal ? await supervisor.explain(refusal.id) : null;
}
