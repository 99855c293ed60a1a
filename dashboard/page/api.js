// The control API from the page. The token comes in the URL's fragment, which no server sees, and leaves the address bar at once.
const KEY = 'cullis-token';

/** Takes the token out of the address, or out of this tab's memory. */
export function takeToken() {
  const found = /^#token=([\w.~+/=-]{1,4096})$/.exec(location.hash);
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  if (found) sessionStorage.setItem(KEY, found[1]);
  return sessionStorage.getItem(KEY) ?? '';
}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}

export function dropToken() {
  sessionStorage.removeItem(KEY);
}

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function open(path, signal) {
  const headers = { authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ''}` };
  const response = await fetch(path, { headers, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(response.status, String(problem.detail ?? problem.title ?? `the control API answered ${response.status}`));
}

/** One answer as a value. */
export async function get(path) {
  return await (await open(path, AbortSignal.timeout(10_000))).json();
}

const STREAM_CHARS_MAX = 16 * 1024 * 1024;

/** Calls `onValue` with each `data:` of a server-sent event stream (HTML Living Standard section 9.2) until it ends. EventSource cannot carry a token. */
export async function follow(path, onValue, signal) {
  const response = await open(path, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    if (rest.length > STREAM_CHARS_MAX) throw new ApiError(0, 'an event without an end');
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop();
    for (const event of events) {
      const data = event.split(/\r?\n/).flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []));
      if (data.length > 0) onValue(JSON.parse(data.join('\n')));
    }
  }
}
