// Elements and words. Text from the server only ever becomes a text node, an attribute of a fixed name, or a number.
const SVG = 'http://www.w3.org/2000/svg';

/** `h('p', { class: 'x' }, 'text', child)` */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Sets a text only when it changed, so that a selection in it stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A sentence whose `words in backticks` stand in code type. */
export function prose(text) {
  return text.split('`').map((part, i) => (i % 2 === 1 ? h('code', {}, part) : part));
}

export function duration(ms) {
  if (ms <= 0) return 'expired';
  const seconds = Math.floor(ms / 1000);
  const [d, hours, m, sec] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const two = (n) => String(n).padStart(2, '0');
  return d > 1 ? `${d} d ${hours} h` : `${two(d * 24 + hours)}:${two(m)}:${two(sec)}`;
}

export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

export function perSecond(rate) {
  if (rate === 0) return '0/s';
  return rate < 10 ? `${rate.toFixed(1)}/s` : `${Math.round(rate)}/s`;
}

export function millis(ms) {
  if (ms === 0) return '–';
  return ms < 10 ? `${Number(ms.toFixed(1))} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export const whole = (n) => n.toLocaleString('en', { maximumFractionDigits: 0 });

/** `spiffe://cluster.local/ns/ecommerce/sa/cart` -> `ecommerce/cart` */
export function shortIdentity(identity) {
  const found = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return found ? `${found[1]}/${found[2]}` : identity;
}
