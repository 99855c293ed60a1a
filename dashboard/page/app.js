// The page: one live stream of the status, the denials when their number grew, and a clock that ticks the certificates down.
import { dropToken, follow, get, keepToken, takeToken } from './api.js';
import { byId, setText } from './dom.js';
import { graphDrawer } from './graph.js';
import { graphOf, ownersOf, rateMeter } from './model.js';
import { showDenials, showFindings, showFoot, showLinks, showServices, showTotals } from './panels.js';

const DENIALS = '/api/v1/events?type=exchange&allowed=false&limit=100';
const RETRY_MS = [500, 1_000, 2_000, 5_000];

const drawGraph = graphDrawer(byId('graph'));
const page = {
  status: undefined,
  clockOffsetMs: 0,
  rates: new Map(),
  identities: [],
  identitiesFor: undefined,
  denials: [],
  denied: -1,
  meter: rateMeter(),
};
let stream = new AbortController();

const nowMs = () => Date.now() + page.clockOffsetMs;

function take(change) {
  page.status = { ...page.status, ...change };
  if (change.timeMs) page.clockOffsetMs = change.timeMs - Date.now();
  page.rates = page.meter(page.status.links, page.status.timeMs);
  if (page.identitiesFor !== page.status.snapshotVersion) void loadIdentities();
  if (page.denied !== page.status.totals.denied) void loadDenials();
  draw();
}

async function loadIdentities() {
  page.identitiesFor = page.status.snapshotVersion;
  page.identities = (await get('/api/v1/identities').catch(() => ({ identities: [] }))).identities;
  draw();
}

async function loadDenials() {
  page.denied = page.status.totals.denied;
  try {
    page.denials = (await get(DENIALS)).events;
    draw();
  } catch {
    // The next status asks again.
    page.denied = -1;
  }
}

function draw() {
  const { status, rates } = page;
  if (!status) return;
  byId('main').hidden = false;
  const graph = graphOf(status, ownersOf(status, page.identities), rates);
  byId('graph-empty').hidden = graph.edges.length > 0;
  drawGraph(graph, nowMs());
  showState(status);
  showTotals(status, rates, status.uptimeMs + (nowMs() - status.timeMs));
  showServices(status, nowMs());
  showLinks(status, rates);
  showDenials(status, page.denials, nowMs());
  showFindings(status.findings);
  showFoot(status);
}

function showState(status) {
  const state = byId('state');
  state.className = `pill ${status.ready ? 'good' : 'warn'}`;
  setText(state, status.ready ? 'policy in force' : 'policy not in force yet');
  const isolation = byId('isolation');
  isolation.hidden = false;
  const isolated = status.isolation === 'namespaces';
  isolation.className = `pill ${isolated ? 'good' : 'warn'}`;
  setText(isolation, isolated ? 'isolation: namespaces' : 'isolation: none');
  isolation.title = isolated
    ? 'a workload has no network but its sidecar'
    : 'a local process can bypass the sidecar; run as root for network namespaces';
  const why = status.rejected
    ? `A newer configuration was refused and the one before it stays: ${status.rejected.reason}`
    : status.closed.map((one) => `${one.what}: ${one.why}`).join(' · ');
  banner(why);
}

function banner(text) {
  byId('banner').hidden = text === '';
  setText(byId('banner'), text);
}

function disconnected(text) {
  const state = byId('state');
  state.className = 'pill bad';
  setText(state, text);
}

async function run() {
  for (let failures = 0; ; failures++) {
    try {
      await follow(
        '/api/v1/live',
        (value) => {
          failures = -1;
          take(value);
        },
        stream.signal,
      );
      disconnected('connection ended');
    } catch (error) {
      if (stream.signal.aborted) return;
      if (error.status === 401 || error.status === 403)
        return askForToken(error.status === 401 ? 'This token is not known here.' : error.message);
      disconnected('not connected');
      if (page.status) banner('The control plane does not answer. What you see is the last that was known.');
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(Math.max(failures, 0), RETRY_MS.length - 1)]));
  }
}

function askForToken(message) {
  dropToken();
  byId('main').hidden = true;
  byId('login').hidden = false;
  setText(byId('login-error'), message);
  const state = byId('state');
  state.className = 'pill';
  setText(state, 'token needed');
  byId('token').focus();
}

function start() {
  stream.abort();
  stream = new AbortController();
  byId('login').hidden = true;
  void run();
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  keepToken(byId('token').value.trim());
  byId('token').value = '';
  start();
});
window.addEventListener('hashchange', () => {
  if (takeToken()) start();
});
setInterval(draw, 1_000);
let resized;
window.addEventListener('resize', () => {
  clearTimeout(resized);
  resized = setTimeout(draw, 150);
});
if (takeToken()) start();
else askForToken('');
