/** On this machine, or inside a cluster, where the mesh encrypts. */
export function isLocal(url: string): boolean {
  const host = (/^(?:[a-z]+:)?\/\/([^/:?#]+|\[[^\]]*\])/i.exec(url)?.[1] ?? '').toLowerCase();
  return (
    host === 'localhost' ||
    host === '[::1]' ||
    host === '0.0.0.0' ||
    host.startsWith('127.') ||
    host === '' ||
    host.includes('{') ||
    !host.includes('.') ||
    /\.(?:local|internal|svc|localhost|test|example)$|\.svc\./.test(host)
  );
}
