// Tables and lists beside the graph. Rows are kept by key, so that what a person opened or selected stays as it is.
import { get } from './api.js';
import { ago, byId, duration, h, millis, perSecond, prose, setText, shortIdentity, whole } from './dom.js';
import { gatewayOf, linkKey, namer } from './model.js';

/** Brings the children of `list` in line with `items`: new ones made, gone ones removed, the others updated in place. */
function sync(list, items, keyOf, make, update) {
  const have = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let before;
  for (const item of items) {
    const key = keyOf(item);
    let child = have.get(key);
    if (child) have.delete(key);
    else {
      child = make(item);
      child.dataset.key = key;
    }
    update(child, item);
    const place = before ? before.nextSibling : list.firstChild;
    if (place !== child) list.insertBefore(child, place);
    before = child;
  }
  for (const gone of have.values()) gone.remove();
}

export function showServices(status, nowMs) {
  const name = namer(status.workloads.map((one) => one.id));
  const make = () =>
    h(
      'tr',
      {},
      h('td', {}, h('span', { class: 'dot' }), h('b'), h('span', { class: 'unseen' }), h('small')),
      h('td', { class: 'mono' }),
      h('td', { class: 'mono' }),
      h('td'),
    );
  sync(
    byId('services'),
    status.workloads,
    (one) => one.id,
    make,
    (row, one) => {
      const [service, identity, certificate, ports] = row.children;
      const [dot, id, unseen, state] = service.children;
      dot.className = `dot ${one.state}`;
      setText(id, name(one.id));
      setText(unseen, one.state === 'ready' ? ', ready' : '');
      setText(
        state,
        [
          one.state === 'ready' ? '' : one.state,
          one.restarts > 0 ? `${one.restarts} ${one.restarts === 1 ? 'restart' : 'restarts'}` : '',
        ]
          .filter(Boolean)
          .join(', '),
      );
      setText(identity, one.identity.replace('spiffe://', ''));
      identity.title = one.identity;
      const left = one.certificate ? one.certificate.notAfterMs - nowMs : undefined;
      setText(certificate, left === undefined ? (one.state === 'declared' ? '–' : 'none yet') : duration(left));
      certificate.className = `mono ${left !== undefined && left < 600_000 ? 'bad' : ''}`;
      const words = one.ports.map((port) => `${port.port} ${port.protocol} ${port.mtls}`);
      if (ports.dataset.words !== words.join()) {
        ports.dataset.words = words.join();
        ports.replaceChildren(
          ...one.ports.map((port) =>
            h(
              'span',
              { class: `chip ${port.mtls === 'STRICT' ? 'good' : 'warn'}` },
              `${port.port} ${port.protocol} ${port.mtls}`,
            ),
          ),
        );
      }
    },
  );
}

export function showLinks(status, rates) {
  const make = () =>
    h(
      'tr',
      {},
      h('td'),
      h('td'),
      h('td', {}, h('span', { class: 'chip' })),
      ...Array.from({ length: 7 }, () => h('td', { class: 'number' })),
    );
  const name = namer(status.workloads.map((one) => one.id));
  const links = [...status.links].sort((a, b) => (a.source + a.destination < b.source + b.destination ? -1 : 1));
  sync(byId('links'), links, linkKey, make, (row, link) => {
    const [from, to, transport, ...numbers] = row.children;
    setText(from, link.source === 'client' ? 'the world' : name(shortIdentity(link.source)));
    setText(to, `${name(link.destination)}:${link.port}`);
    const chip = transport.firstChild;
    const outside = link.source === 'client';
    chip.className = `chip ${link.mtls ? 'good' : outside ? '' : 'warn'}`;
    setText(chip, link.mtls ? `mTLS ${link.tlsProtocol.replace('TLSv', '')}` : 'plaintext');
    const http = link.protocol === 'http';
    const texts = [
      perSecond(rates.get(linkKey(link)) ?? 0),
      http ? millis(link.p50Ms) : '–',
      http ? millis(link.p90Ms) : '–',
      http ? millis(link.p99Ms) : '–',
      whole(link.requests),
      link.denied > 0 ? whole(link.denied) : '–',
      link.failed > 0 ? whole(link.failed) : '–',
    ];
    for (const [i, text] of texts.entries()) setText(numbers[i], text);
    numbers[5].className = `number ${link.denied > 0 ? 'bad' : ''}`;
    numbers[5].title =
      link.denied > 0 ? `${whole(link.mtlsDenied)} for want of mutual TLS, ${whole(link.policyDenied)} by policy` : '';
    numbers[6].className = `number ${link.failed > 0 ? 'warn' : ''}`;
  });
}

const GROUPS_MAX = 12;

/** Denials, newest first, equal ones as one; the reason and the smallest change are asked for when one is opened. */
export function showDenials(status, events, nowMs) {
  const name = namer(status.workloads.map((one) => one.id));
  byId('denials-empty').hidden = events.length > 0;
  // Of what is listed: the journal goes back beyond the start that the total above counts from.
  setText(byId('denials-count'), events.length > 0 ? whole(events.length) : '');
  const groups = new Map();
  for (const event of events) {
    const key = JSON.stringify([
      event.source,
      event.sourceIp,
      event.destination,
      event.destinationPort,
      event.method,
      event.path,
      event.code,
    ]);
    const group = groups.get(key);
    if (group) group.times++;
    else if (groups.size < GROUPS_MAX) groups.set(key, { key, event, times: 1 });
  }
  sync(
    byId('denials'),
    [...groups.values()],
    (group) => group.key,
    (group) => makeDenial(group.event, name),
    (item, { event, times }) => {
      item.dataset.id = event.id;
      setText(item.querySelector('.times'), times > 1 ? `× ${times}` : '');
      setText(item.querySelector('time'), ago(nowMs - event.timeMs));
    },
  );
}

function makeDenial(event, name) {
  const source = event.source === '' ? event.sourceIp : name(shortIdentity(event.source));
  const what = event.protocol === 'tcp' ? `TCP connection to port ${event.destinationPort}` : `${event.method} ${event.path}`;
  const summary = h(
    'summary',
    {},
    h(
      'span',
      { class: 'line' },
      h('b', {}, source),
      ' → ',
      h('b', {}, name(event.destination || event.workload)),
      h('span', { class: 'times' }),
      h('time'),
    ),
    h('span', { class: 'line' }, h('code', {}, what), h('span', { class: 'chip bad' }, event.code ?? 'denied')),
    h('span', { class: 'why' }, ...prose(event.reasons?.[0]?.text ?? '')),
  );
  const body = h('div', { class: 'more' });
  const details = h('details', {}, summary, body);
  const item = h('li', {}, details);
  details.addEventListener('toggle', () => {
    if (details.open && body.childElementCount === 0) void explain(item.dataset.id, body);
  });
  return item;
}

async function explain(id, body) {
  body.replaceChildren(h('p', {}, 'asking …'));
  try {
    const { reasons, change } = await get(`/api/v1/decisions/${encodeURIComponent(id)}`);
    const rows = reasons.map((reason) =>
      h(
        'li',
        {},
        h('b', {}, reason.policy || 'default'),
        ' ',
        ...prose(reason.text),
        reason.at ? h('span', { class: 'at' }, reason.at) : '',
      ),
    );
    body.replaceChildren(
      h('ul', {}, ...rows),
      ...(change
        ? [h('h3', {}, 'Smallest change that would allow it'), h('p', {}, ...prose(change.text)), yamlBlock(change.yaml)]
        : []),
    );
    body.append(h('p', { class: 'at' }, `cullis explain ${id}`));
  } catch (error) {
    body.replaceChildren(h('p', { class: 'error' }, error.message));
  }
}

function yamlBlock(yaml) {
  if (!yaml) return '';
  const copy = h('button', { type: 'button', class: 'copy' }, 'Copy');
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(yaml);
      copy.textContent = 'Copied';
    } catch {
      copy.textContent = 'Not allowed';
    }
    setTimeout(() => (copy.textContent = 'Copy'), 1500);
  });
  return h('div', { class: 'yaml' }, h('pre', {}, yaml.trimEnd()), copy);
}

export function showFindings(findings) {
  byId('findings-empty').hidden = findings.length > 0;
  setText(byId('findings-count'), findings.length > 0 ? whole(findings.length) : '');
  const make = (finding) => {
    const at = finding.location ? `${finding.location.file}:${finding.location.line}:${finding.location.column}` : '';
    const summary = h(
      'summary',
      {},
      h(
        'span',
        { class: 'line' },
        h('span', { class: `chip ${finding.severity}` }, finding.severity),
        h('b', {}, ...prose(finding.title)),
      ),
      h('span', { class: 'at' }, at),
    );
    const body = h('div', { class: 'more' }, h('p', {}, ...prose(finding.message)));
    if (finding.fix) body.append(h('h3', {}, 'Fix'), h('p', {}, ...prose(finding.fix.text)), yamlBlock(finding.fix.yaml));
    body.append(h('p', { class: 'at' }, finding.code));
    return h('li', {}, h('details', {}, summary, body));
  };
  sync(
    byId('findings'),
    findings,
    (finding) => finding.id,
    make,
    () => {},
  );
}

export function showTotals(status, rates, uptimeMs) {
  const rate = status.links
    .filter((link) => link.source !== 'client')
    .reduce((sum, link) => sum + (rates.get(linkKey(link)) ?? 0), 0);
  const inner = status.links.filter((link) => link.source !== 'client');
  const locked = inner.filter((link) => link.mtls).length;
  const rows = [
    ['calls', perSecond(rate), ''],
    ['links on mTLS', `${locked} of ${inner.length}`, locked < inner.length ? 'warn' : ''],
    ['denied', whole(status.totals.denied), status.totals.denied > 0 ? 'bad' : ''],
    ['failed', whole(status.totals.failed), status.totals.failed > 0 ? 'warn' : ''],
    ['up', duration(uptimeMs), ''],
  ];
  const list = byId('totals');
  if (list.childElementCount === 0) list.append(...rows.map(([name]) => h('div', {}, h('dt', {}, name), h('dd'))));
  for (const [i, [, text, tone]] of rows.entries()) {
    const value = list.children[i].lastChild;
    value.className = tone;
    setText(value, text);
  }
}

export function showFoot(status) {
  const root = status.authority ? ` · root ${status.authority.rootFingerprint.slice(0, 16)}` : '';
  const gateways = [...new Set(status.gateways.map((gateway) => `${gatewayOf(gateway.id)} ${gateway.url}`))].join(' · ');
  setText(
    byId('foot'),
    `Cullis ${status.version} · snapshot ${status.snapshotVersion.slice(0, 12) || 'none'} · trust domain ${status.mesh.trustDomain}${root}${gateways ? ` · ${gateways}` : ''}`,
  );
}
